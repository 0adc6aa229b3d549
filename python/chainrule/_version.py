"""Which version is this? Said here only; pyproject.toml and CMakeLists.txt read this file."""

from __future__ import annotations

__version__ = "0.1.0"
