"""The release for real: plans are made here, and read by people before anything is sent."""

from __future__ import annotations
