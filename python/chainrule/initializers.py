"""What weights begin with: initialisers, by name or as objects.

>>> import chainrule as cr
>>> net = cr.mlp([4, 8, 2], initializer=cr.initializers.Normal(stddev=0.01), seed=0)
>>> bool(abs(net.weights[0]).max() < 0.05)
True
"""

from __future__ import annotations

from chainrule._core.initializers import *
from chainrule._core.initializers import __all__ as _classes
from chainrule._core.initializers import names

__all__ = [*_classes, "names"]
