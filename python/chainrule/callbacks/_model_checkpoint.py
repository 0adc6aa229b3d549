"""Which networks of a training are kept in files? Each epoch's, or the best."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from chainrule._checks import as_flag, as_path
from chainrule.callbacks._watching import Watching

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chainrule.callbacks._base import Run

__all__ = ["ModelCheckpoint"]


class ModelCheckpoint(Watching):
    """Save the network after every epoch, or after those that are better than all before.

    Parameters
    ----------
    path : str or path
        Where to. The file's name may have fields, ``"net-{epoch:03d}-{val_loss:.4f}.safetensors"``:
        ``epoch``, from 1, and the keys of the history; the folder may not. A brace that is meant as
        one is written twice.
    monitor : str or None, default None
        The value to watch, a key of the history; None is ``val_loss``, or ``loss`` without
        validation data.
    save_best_only : bool, default False
        Whether only epochs are saved in which that value is better than in all before.
    optimizer : bool, default False
        Whether the optimiser's state is kept too, so that training can go on where it was.
    mode : {"auto", "min", "max"}, default "auto"
        Whether less or more is better; "auto" is "max" for accuracy and the like.

    Raises
    ------
    TypeError
        If an argument is of the wrong kind.
    ValueError
        If an argument is out of range; by ``fit``, before the first update, if `monitor` or a field
        of `path` is not there.
    OSError
        By ``fit``, before the first update, if no file can be written at `path`; after an epoch, if
        saving fails. The network is whole then, and a file that was there is as it was.

    Notes
    -----
    A file is written as :meth:`chainrule.Network.save` does: at every instant there is the old file
    or the new one. ``last_path`` is the file written last in this fit, None before; with
    `save_best_only` it is the best.

    References
    ----------
    Keras, ``ModelCheckpoint``.

    Examples
    --------
    >>> import numpy as np
    >>> import chainrule as cr
    >>> net = cr.mlp([2, 3, 1], seed=0)
    >>> keep = cr.ModelCheckpoint("net-{epoch:02d}.safetensors", optimizer=True)
    >>> _ = net.fit(np.ones((8, 2)), np.ones(8), epochs=2, callbacks=[keep])
    >>> keep.last_path, cr.load("net-01.safetensors").optimizer.name
    ('net-02.safetensors', 'adam')
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        monitor: str | None = None,
        save_best_only: bool = False,
        optimizer: bool = False,
        mode: str = "auto",
    ) -> None:
        super().__init__(monitor, min_delta=0.0, mode=mode)
        self.path = as_path(path)
        self.save_best_only = as_flag("save_best_only", save_best_only)
        self.optimizer = as_flag("optimizer", optimizer)
        self.last_path: str | None = None

    def on_train_begin(self, run: Run) -> None:
        """Look whether files can be written, and forget earlier trainings."""
        super().on_train_begin(run)
        self.last_path = None
        folder, _ = os.path.split(self.path)
        _filled_in(folder, {}, "none in the folder's name")
        values = {"epoch": 1} | dict.fromkeys(run.keys, 0.5)
        _check_place(_filled_in(self.path, values, ", ".join(values)))

    def on_epoch_end(self, run: Run) -> None:
        """Save the network if this epoch is to be kept."""
        if self._is_best(run) or not self.save_best_only:
            path = self.path.format_map({**run.logs, "epoch": run.epoch})
            run.network.save(path, optimizer=self.optimizer)
            self.last_path = path


def _filled_in(path: str, values: Mapping[str, float], expected: str) -> str:
    """Return a path whose fields have got values."""
    try:
        return path.format_map(values)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise ValueError(
            f"path: expected fields that can be filled in ({expected}), got {path!r}: {error}"
        ) from None


def _check_place(path: str) -> None:
    """Raise OSError if no file can be written there."""
    target = Path(os.path.realpath(path))  # links are followed in saving, too
    try:
        with contextlib.suppress(FileNotFoundError):
            if stat.S_ISDIR(target.stat().st_mode):
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        with tempfile.TemporaryFile(dir=target.parent):
            pass
    except OSError as error:
        raise OSError(
            error.errno, f"path: no file can be written there ({error.strerror})", path
        ) from None
