r"""What training makes small: losses, by name, as objects, or as a function of your own.

A name is the object with its defaults, ``"huber"`` that of ``Huber(delta=1.0)``. Without one, the
output says: identity is trained with ``mse``, sigmoid with ``binary_cross_entropy``, softmax and
log_softmax with ``cross_entropy``.

A function ``f(y_pred, y_true) -> (losses, derivatives)`` can stand wherever a loss can. It gets
predictions (d, m) of the network's dtype and the targets of these rows in the shape and order in
which they were given: floats of the network's dtype, whole numbers as they are. Both are copies,
which it may keep or change. It returns the loss of each row, (d,), and its derivative by each
prediction, (d, m), without the 1/d of the mean; weights, masks and the mean are added to that:

.. math:: J = \frac{\sum_i w_i \, \ell_i}{\sum_i w_i}, \qquad
          \frac{\partial J}{\partial \hat y_i}
          = \frac{w_i}{\sum_k w_k} \frac{\partial \ell_i}{\partial \hat y_i}

Derivatives are those by the outputs: what follows the weights, softmax with all of its derivatives,
is the network's. Rows must not depend on each other, since the batches of `fit` and the parts in
which `evaluate` asks are not the same. The function may predict with the network but not change it;
what it raises ends the call, and the network is as it was before that batch. Its arithmetic is
NumPy's, which may round otherwise on another processor. A file has its name alone: a network that
was loaded predicts, and needs the function again to learn. Pickling takes the function along, as
pickle takes functions.

>>> import numpy as np
>>> import chainrule as cr
>>> def asymmetric(y_pred, y_true):
...     error = y_pred - y_true
...     weight = np.where(error < 0, 3.0, 1.0)  # too low costs three times as much as too high
...     return (weight * error**2).sum(axis=1), 2 * weight * error
>>> x = np.linspace(-1, 1, 50).reshape(-1, 1)
>>> y = x + np.random.default_rng(0).normal(0, 0.5, x.shape)
>>> net = cr.mlp([1, 8, 1], loss=asymmetric, seed=0)
>>> _ = net.fit(x, y, epochs=500, batch_size=50, optimizer=cr.Adam(0.01))
>>> bool((net.predict(x) > y).mean() > 0.55)
True
"""

from __future__ import annotations

from chainrule._core.losses import *
from chainrule._core.losses import __all__ as _classes
from chainrule._core.losses import names

__all__ = [*_classes, "names"]
