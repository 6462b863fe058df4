"""Running a notebook with papermill, in a kernel of the Python that runs now."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any, ClassVar

import papermill
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import ensure_event_loop
from nbformat import NotebookNode

from allocation.tape.masking import masked

CELL_SECONDS_MAX = 1800
_ADDED = "injected-parameters"
_KERNEL_LOG = "kernel.log"
_TOLD = (
    *("HOME", "LANG", "LOGNAME", "PATH", "TMPDIR", "TZ", "USER", "VIRTUAL_ENV", "XDG_CACHE_HOME", "LD_LIBRARY_PATH"),
    *("PYTHONHOME", "PYTHONNOUSERSITE", "PYTHONPATH", "PYTHONPYCACHEPREFIX", "PYTHONDONTWRITEBYTECODE"),
    *("ALLOCATION_CACHE_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_PATH", "MPLCONFIGDIR"),
)
_TOLD_PREFIXES = ("LC_", "NUMBA_", "OMP_", "OPENBLAS_")
"""What a kernel is told of the environment: nothing that could be a password, so that none can be written."""

# What papermill warns of ends up in results or errors; nothing of it belongs on the terminal.
logging.getLogger("papermill").addHandler(logging.NullHandler())


@dataclass
class Steps:
    """How far a notebook is, and how long each of its steps took.

    Attributes:
        told: Called with (cells done, cells in all) after every cell.
        total: Cells in all.
        seconds: By step: ``kernel`` (its start), and the id of each cell of code.
    """

    told: Callable[[int, int], None] | None = None
    total: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    _done: int = 0
    _begun: float = field(default_factory=perf_counter)

    def hooks(self) -> dict[str, Callable[..., None]]:
        """What nbclient calls while a notebook runs."""
        return {"on_cell_execute": self._starts, "on_cell_executed": self._ends}

    def since(self, name: str) -> None:
        """A step ends now that began when the last one ended."""
        now = perf_counter()
        self.seconds[name] = round(now - self._begun, 3)
        self._begun = now

    def _starts(self, **_: Any) -> None:
        if not self._done:
            self.since("kernel")

    def _ends(self, cell: NotebookNode, **_: Any) -> None:
        self._done += 1
        is_added = _ADDED in cell.metadata.get("tags", [])
        self.since(f"cell {_ADDED if is_added else cell.get('id', self._done)}")
        if self.told is not None:
            self.told(self._done, self.total)


class OwnKernel(AsyncKernelManager):
    """Starts the Python that runs now, whatever kernels are installed.

    What the kernel says on stderr, and the files that it needs while it runs, stay in its working folder.
    """

    _running: ClassVar[dict[str, int]] = {}
    _ended: ClassVar[dict[Path, bool]] = {}

    @property
    def kernel_spec(self) -> KernelSpec:
        """A kernel of this interpreter."""
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=argv, display_name="Python 3", language="python")

    async def start_kernel(self, **options: Any) -> None:  # type: ignore[override]
        """Start it; ``cwd`` is among the options."""
        folder = Path(options["cwd"])
        self.connection_file = str(folder / "kernel.json")
        options.pop("env", None)
        # A person's own IPython profile could change what a cell does.
        environment = kernel_environment() | {"IPYTHONDIR": str(folder / "ipython")}
        with (folder / _KERNEL_LOG).open("wb") as log:
            await super().start_kernel(env=environment, stdout=log, stderr=log, **options)
        if self.provisioner is not None and (pid := getattr(self.provisioner, "pid", None)) is not None:
            self._running[str(folder)] = pid
        # It may have been on its way when the others were ended.
        for place in (folder, *folder.parents):
            if place in self._ended:
                self.end_below(place)

    @classmethod
    def end(cls, folder: Path) -> None:
        """Forget the kernel that works in a folder; it has ended."""
        cls._running.pop(str(folder), None)

    @classmethod
    def end_below(cls, folder: Path) -> None:
        """Kill the kernels that work below a folder, and those still to come: nobody waits for them any more."""
        cls._ended[folder] = True
        for place, pid in list(cls._running.items()):
            if Path(place).is_relative_to(folder):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                cls._running.pop(place, None)


def kernel_environment() -> dict[str, str]:
    """What a kernel is told of the environment."""
    return {name: value for name, value in os.environ.items() if name in _TOLD or name.startswith(_TOLD_PREFIXES)}


def execute(
    notebook: NotebookNode, parameters: Mapping[str, object], folder: Path, steps: Steps | None = None
) -> NotebookNode:
    """Run a notebook.

    Args:
        notebook: As it is shipped; it is not changed.
        parameters: Take the place of those of its cell that is tagged ``parameters``.
        folder: Where the kernel works.
        steps: Told how far it is, and keeps how long it took.

    Returns:
        The notebook with its outputs, and without times or paths of this machine.

    Raises:
        papermill.PapermillExecutionError: A cell failed.
    """
    steps = steps or Steps()
    # Papermill adds a cell with the parameters where the shipped ones are.
    steps.total = sum(cell.cell_type == "code" for cell in notebook.cells) + bool(parameters)
    try:
        executed: NotebookNode = papermill.execute_notebook(
            notebook,
            None,
            parameters=dict(parameters),
            kernel_name="python3",
            language="python",
            progress_bar=False,
            execution_timeout=CELL_SECONDS_MAX,
            # Papermill's own `cwd` would change that of this process, where other reports run in other threads.
            resources={"metadata": {"path": str(folder)}},
            kernel_manager_class=OwnKernel,
            record_timing=False,
            # All that it had to say was said.
            shutdown_kernel="immediate",
            **steps.hooks(),
        )
    finally:
        OwnKernel.end(folder)
        _close_event_loop()
    for record in (executed, *executed.cells):
        record.metadata.pop("papermill", None)
        if _ADDED in record.metadata.get("tags", []):
            # Papermill gives its cell another id every time.
            record.id = _ADDED
    return executed


def reason(error: Exception, folder: Path) -> str:
    """Why a notebook failed, in one line."""
    if isinstance(error, papermill.PapermillExecutionError):
        return masked(_line(f"{error.ename}: {error.evalue}"))
    said = folder / _KERNEL_LOG
    last = said.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:] if said.is_file() else []
    return masked(_line(": ".join([type(error).__name__, str(error), *last])))


def _close_event_loop() -> None:
    """The kernel's client makes an event loop for each thread and leaves it open."""
    loop = ensure_event_loop()
    if not loop.is_running():
        loop.close()


def _line(text: str) -> str:
    return " ".join(text.split())
