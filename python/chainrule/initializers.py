"""What weights begin with: initialisers, by name or as objects."""

from __future__ import annotations

from chainrule._core.initializers import *
from chainrule._core.initializers import __all__ as _classes
from chainrule._core.initializers import names

__all__ = [*_classes, "names"]
