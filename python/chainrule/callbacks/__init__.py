"""What may happen during training? Callbacks: to stop, to keep, to log, to change the rate."""

from __future__ import annotations

from chainrule.callbacks._base import Callback, Run
from chainrule.callbacks._early_stopping import EarlyStopping

__all__ = ["Callback", "EarlyStopping", "Run"]
