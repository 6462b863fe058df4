"""Running a notebook with papermill, in a kernel of the Python that runs now."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import papermill
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import ensure_event_loop
from nbformat import NotebookNode

CELL_SECONDS_MAX = 1800
_KERNEL_LOG = "kernel.log"

# What papermill warns of ends up in results or errors; nothing of it belongs on the terminal.
logging.getLogger("papermill").addHandler(logging.NullHandler())


class OwnKernel(AsyncKernelManager):
    """Starts the Python that runs now, whatever kernels are installed.

    What the kernel says on stderr, and the files that it needs while it runs, stay in its working folder.
    """

    @property
    def kernel_spec(self) -> KernelSpec:
        """A kernel of this interpreter."""
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=argv, display_name="Python 3", language="python")

    async def start_kernel(self, **options: Any) -> None:  # type: ignore[override]
        """Start it; ``cwd`` is among the options."""
        folder = Path(options["cwd"])
        self.connection_file = str(folder / "kernel.json")
        # A person's own IPython profile could change what a cell does.
        environment = dict(options.pop("env", os.environ)) | {"IPYTHONDIR": str(folder / "ipython")}
        with (folder / _KERNEL_LOG).open("wb") as log:
            await super().start_kernel(env=environment, stdout=log, stderr=log, **options)


def execute(notebook: NotebookNode, parameters: Mapping[str, object], folder: Path) -> NotebookNode:
    """Run a notebook.

    Args:
        notebook: As it is shipped; it is not changed.
        parameters: Take the place of those of its cell that is tagged ``parameters``.
        folder: Where the kernel works.

    Returns:
        The notebook with its outputs, and without times or paths of this machine.

    Raises:
        papermill.PapermillExecutionError: A cell failed.
    """
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
        )
    finally:
        _close_event_loop()
    for record in (executed, *executed.cells):
        record.metadata.pop("papermill", None)
    return executed


def reason(error: Exception, folder: Path) -> str:
    """Why a notebook failed, in one line."""
    if isinstance(error, papermill.PapermillExecutionError):
        return _line(f"{error.ename}: {error.evalue}")
    said = folder / _KERNEL_LOG
    last = said.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:] if said.is_file() else []
    return _line(": ".join([type(error).__name__, str(error), *last]))


def _close_event_loop() -> None:
    """The kernel's client makes an event loop for each thread and leaves it open."""
    loop = ensure_event_loop()
    if not loop.is_running():
        loop.close()


def _line(text: str) -> str:
    return " ".join(text.split())
