"""What may stand behind a layer: activations, by name or as objects.

>>> import chainrule as cr
>>> cr.Dense(8, "leaky_relu") == cr.Dense(8, cr.activations.LeakyRelu(0.01))
True
"""

from __future__ import annotations

from chainrule._core.activations import *
from chainrule._core.activations import __all__ as _classes
from chainrule._core.activations import names

__all__ = [*_classes, "names"]
