"""Fully-connected neural networks on CPUs: fast at every size, the same bits on every machine.

``mlp`` and ``Network`` make a network, whose methods train it (``fit``, ``train_step``), measure it
(``evaluate``), use it (``predict``, ``predict_classes``, ``predictor``), keep it (``save``, and
``load`` here) and show one step in full (``trace``). What it is made of and learns by stands in the
modules ``layers``, ``activations``, ``initializers``, ``losses``, ``optimizers``, ``schedules``,
``callbacks`` and ``metrics``; layers, optimisers and callbacks are here, too. Where an object of
one of these lists is taken, its name is as well, if it needs no arguments: ``"huber"`` is
``cr.losses.Huber()``; ``cr.losses.names()`` has all of them.

>>> import numpy as np
>>> import chainrule as cr
>>> net = cr.mlp([2, 8, 1], output="sigmoid", seed=0)
>>> history = net.fit([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0], epochs=300, batch_size=4)
>>> net.predict([[0, 1]]).shape
(1, 1)
"""

from __future__ import annotations

from chainrule import (
    activations,
    callbacks,
    initializers,
    layers,
    losses,
    metrics,
    optimizers,
    schedules,
)
from chainrule._core import Formula as _Formula
from chainrule._core.optimizers import *
from chainrule._core.optimizers import __all__ as _optimizers
from chainrule._rate_finding import LearningRateCurve
from chainrule._signatures import FormulaSignature
from chainrule._version import __version__
from chainrule.callbacks import (
    Callback,
    CSVLogger,
    EarlyStopping,
    JSONLLogger,
    LambdaCallback,
    LearningRateLogger,
    ModelCheckpoint,
    ProgressBar,
    ReduceLROnPlateau,
    Timer,
)
from chainrule.errors import DivergenceError, ModelFileError
from chainrule.gradients import Gradients
from chainrule.history import History
from chainrule.layers import (
    Activation,
    AlphaDropout,
    BatchNorm,
    Dense,
    Dropout,
    GaussianNoise,
    LayerNorm,
    Rescale,
    Residual,
    Scale,
)
from chainrule.network import Network, from_bytes, load, mlp
from chainrule.predictor import Predictor
from chainrule.runtime import get_num_threads, set_num_threads, show_config
from chainrule.trace import Trace

__all__ = [
    "Activation",
    "AlphaDropout",
    "BatchNorm",
    "CSVLogger",
    "Callback",
    "Dense",
    "DivergenceError",
    "Dropout",
    "EarlyStopping",
    "GaussianNoise",
    "Gradients",
    "History",
    "JSONLLogger",
    "LambdaCallback",
    "LayerNorm",
    "LearningRateCurve",
    "LearningRateLogger",
    "ModelCheckpoint",
    "ModelFileError",
    "Network",
    "Predictor",
    "ProgressBar",
    "ReduceLROnPlateau",
    "Rescale",
    "Residual",
    "Scale",
    "Timer",
    "Trace",
    "__version__",
    "activations",
    "callbacks",
    "from_bytes",
    "get_num_threads",
    "initializers",
    "layers",
    "load",
    "losses",
    "metrics",
    "mlp",
    "optimizers",
    "schedules",
    "set_num_threads",
    "show_config",
    *_optimizers,
]

_Formula.__signature__ = FormulaSignature()  # type: ignore[attr-defined]
