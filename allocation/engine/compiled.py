"""How the rules are compiled, in one place.

The rules are plain functions over NumPy structured arrays. Numba compiles them; with ``NUMBA_DISABLE_JIT=1`` the same
source runs in Python. Compiled code is cached on disk in a folder named by a digest of the engine's sources, Numba's
version and the bounds-check flag: Numba's own cache looks at the file of the outermost function only, so after an edit
of a rule it would go on running the old one.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from threading import RLock
from typing import Any, TypeVar

import numba
from numpy.typing import NDArray

# Numba's settings are set when it is imported, so type checkers do not see them.
_CONFIG: Any = numba.config

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS: dict[str, Any] = {
    "nogil": True,
    "error_model": "numpy",
    # No reference counts: rules never create or keep an array, they only use those that they were given.
    "_nrt": False,
}
# A rule is called by other rules only, so it needs no way in from Python or C.
_INNER: dict[str, Any] = {**_OPTIONS, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}


_RULES: list[Any] = []
"""The rules that are not compiled yet, each behind those that it calls."""


def rule(function: F) -> F:
    """Compile a small rule into its callers."""
    compiled: F = numba.njit(forceinline=True, **_INNER)(function)
    return _registered(compiled)


def large_rule(function: F) -> F:
    """Compile a rule that is called seldom or is large, as a function of its own."""
    compiled: F = numba.njit(**_INNER)(function)
    return _registered(compiled)


def _registered(compiled: F) -> F:
    if not is_interpreted():
        _RULES.append(compiled)
    return compiled


def _compile_rules(header: Any) -> None:
    """Compile every rule once, for 64-bit numbers.

    Left to itself, Numba compiles a rule anew for every width of number that it is called with, which takes twice as
    long. Rules that are given a row are left to it: only their callers know of which table.
    """
    types = {"Tables": header, "Links": numba.int64, "int": numba.int64, "bool": numba.boolean}
    while _RULES:
        compiled = _RULES.pop(0)
        parameters = [kind for name, kind in compiled.py_func.__annotations__.items() if name != "return"]
        if all(kind in types for kind in parameters):
            compiled.compile(tuple(types[kind] for kind in parameters))
            compiled.disable_compile()


_ENTRIES: list[Entry] = []
_COMPILING = RLock()
"""Threads that need the rules at the same time wait for the one that compiles them."""


class Entry:
    """A compiled way into the rules, compiled (or read from the cache) when it is first needed.

    Calling through Numba's dispatcher works out the type of every argument each time, which takes several times as long
    as the call itself. The header's type never changes, so callers get the compiled function itself.
    """

    def __init__(self, function: Callable[[Any, int, int], int]) -> None:
        self.function = function
        self._bound: Callable[[Any, int, int], int] | None = None
        _ENTRIES.append(self)

    def __call__(self, tables: Any, first: int, second: int) -> int:
        """Run the rules on a header (uncompiled: on the tables), with two whole numbers."""
        return (self._bound or self.bind(tables))(tables, first, second)

    def bind(self, tables: Any) -> Callable[[Any, int, int], int]:
        """The function itself; compiled (or read from the cache) where that is still to be done."""
        with _COMPILING:
            if self._bound is None:
                cold = not is_compiled()
                self._bound = self.function if is_interpreted() else self._compile(tables)
                # All at once: whoever waited for the rules does not wait again for their other entries.
                for entry in _ENTRIES if cold else ():
                    entry.bind(tables)
            return self._bound

    def _compile(self, header: NDArray[Any]) -> Callable[[Any, int, int], int]:
        dispatcher = _cached_dispatcher(self.function)
        tables = numba.from_dtype(header.dtype)[::1]
        signature = (tables, numba.int64, numba.int64)
        if not is_compiled(self.function.__name__):
            _compile_rules(tables)
        dispatcher.compile(signature)
        return dispatcher.overloads[signature].entry_point  # type: ignore[no-any-return]


def _cached_dispatcher(function: Callable[..., Any]) -> Any:
    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return numba.njit(**_OPTIONS)(function)
    # Numba reads the folder when a function is decorated and has no option for one function alone.
    before = _CONFIG.CACHE_DIR
    _CONFIG.CACHE_DIR = str(folder)
    try:
        return numba.njit(cache=True, **_OPTIONS)(function)
    finally:
        _CONFIG.CACHE_DIR = before


def is_interpreted() -> bool:
    """Whether the rules run as plain Python (``NUMBA_DISABLE_JIT=1``)."""
    return bool(_CONFIG.DISABLE_JIT)


def checks_bounds() -> bool:
    """Whether compiled rules check row numbers (``NUMBA_BOUNDSCHECK=1``)."""
    return bool(_CONFIG.BOUNDSCHECK)


@cache
def cache_folder() -> Path:
    """Where compiled rules are kept: ``$ALLOCATION_CACHE_DIR``, else the user's cache folder."""
    named = os.environ.get("ALLOCATION_CACHE_DIR")
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return (Path(named) if named else Path(home) / "allocation") / f"rules-{sources_digest()}"


@cache
def sources_digest() -> str:
    """A digest of everything that the compiled rules depend on."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    digest.update(repr((numba.__version__, checks_bounds(), sys.version_info[:2])).encode())
    return digest.hexdigest()[:20]


def is_compiled(entry: str = "_play") -> bool:
    """Whether an entry into the rules is in the cache, so that using it costs no compilation."""
    return is_interpreted() or any(cache_folder().rglob(f"*.{entry}-*.nbi"))
