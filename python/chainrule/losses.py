"""What training makes small: losses, by name or as objects."""

from __future__ import annotations

from chainrule._core.losses import *
from chainrule._core.losses import __all__ as _classes
from chainrule._core.losses import names

__all__ = [*_classes, "names"]
