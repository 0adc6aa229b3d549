"""What may stand behind a layer: activations, by name or as objects."""

from __future__ import annotations

from chainrule._core.activations import *
from chainrule._core.activations import __all__ as _classes
from chainrule._core.activations import names

__all__ = [*_classes, "names"]
