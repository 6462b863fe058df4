"""``python -m allocation``."""

from __future__ import annotations

from allocation.cli import main

if __name__ == "__main__":
    main()
