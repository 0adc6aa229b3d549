"""How parameters are updated: optimisers, by name or as objects."""

from __future__ import annotations

from chainrule._core.optimizers import *
from chainrule._core.optimizers import __all__ as _classes
from chainrule._core.optimizers import names

__all__ = [*_classes, "names"]
