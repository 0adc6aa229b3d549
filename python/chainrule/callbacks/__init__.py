"""What may happen during training? Callbacks: to stop, to keep, to log, to change the rate."""

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
