"""A PostgreSQL server for a test, where one is installed: in a folder of its own, on a socket only."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def programs() -> Path | None:
    """The folder of initdb and pg_ctl; None where there is no PostgreSQL."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in folders:
        if (folder / "initdb").exists():
            return folder
    found = shutil.which("initdb")
    return None if found is None else Path(found).resolve().parent


@contextmanager
def postgres(programs: Path) -> Iterator[str]:
    """A server that runs while the block does; its address."""
    # It refuses to be root. The path of a socket must be short.
    user = "nobody" if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="pg-") as name:
        folder = Path(name)
        if user is not None:
            shutil.chown(folder, user)
        data, log = folder / "data", folder / "log"
        run = [str(programs / "initdb"), "-D", str(data), "-U", "tester", "-A", "trust", "--no-sync"]
        subprocess.run(run, check=True, user=user, cwd=folder, capture_output=True, timeout=600)
        options = f"-c listen_addresses= -c unix_socket_directories={folder}"
        control = [str(programs / "pg_ctl"), "-D", str(data), "-w", "-t", "300"]
        start = [*control, "-l", str(log), "-o", options, "start"]
        subprocess.run(start, check=True, user=user, cwd=folder, stdout=subprocess.DEVNULL, timeout=600)
        try:
            yield f"postgresql://tester@/postgres?host={folder}"
        finally:
            stop = [*control, "-m", "immediate", "stop"]
            subprocess.run(stop, check=True, user=user, cwd=folder, stdout=subprocess.DEVNULL, timeout=600)
