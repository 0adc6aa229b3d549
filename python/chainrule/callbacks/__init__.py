"""What may happen during training? Callbacks: to stop, to keep, to log, to change the rate.

>>> import numpy as np
>>> import chainrule as cr
>>> net, x = cr.mlp([2, 8, 1], seed=0), np.linspace(-1, 1, 80).reshape(40, 2)
>>> stop = cr.EarlyStopping(patience=5)
>>> h = net.fit(x, x[:, 0], epochs=500, validation_split=0.2, callbacks=[stop])
>>> stop.best == min(h["val_loss"])
True
"""

from __future__ import annotations

from chainrule.callbacks._base import Callback, Run
from chainrule.callbacks._early_stopping import EarlyStopping
from chainrule.callbacks._lambda_callback import LambdaCallback
from chainrule.callbacks._learning_rate import LearningRateLogger, ReduceLROnPlateau
from chainrule.callbacks._loggers import CSVLogger, JSONLLogger
from chainrule.callbacks._model_checkpoint import ModelCheckpoint
from chainrule.callbacks._progress_bar import ProgressBar
from chainrule.callbacks._timer import Timer

__all__ = [
    "CSVLogger",
    "Callback",
    "EarlyStopping",
    "JSONLLogger",
    "LambdaCallback",
    "LearningRateLogger",
    "ModelCheckpoint",
    "ProgressBar",
    "ReduceLROnPlateau",
    "Run",
    "Timer",
]
