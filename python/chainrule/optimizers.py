"""How parameters are updated: optimisers, by name or as objects.

What an optimiser remembers from step to step belongs to the network: an object may serve many, and
another learning rate in the next fit goes on from there.

>>> import numpy as np
>>> import chainrule as cr
>>> net = cr.mlp([2, 1], seed=0)
>>> _ = net.fit(np.eye(2), [1.0, 0.0], optimizer="adam")
>>> _ = net.fit(np.eye(2), [1.0, 0.0], optimizer=cr.Adam(1e-4))
>>> net.optimizer.learning_rate
0.0001
"""

from __future__ import annotations

from chainrule._core.optimizers import *
from chainrule._core.optimizers import __all__ as _classes
from chainrule._core.optimizers import names

__all__ = [*_classes, "names"]
