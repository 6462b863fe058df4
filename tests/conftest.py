"""Settings for all tests."""

from __future__ import annotations

import os

from hypothesis import settings

# A slow machine is no defect, so nothing has a deadline. On CI every run tries the same examples.
settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")
