"""How do the values of the epochs get into a file? Line by line, as CSV or JSON."""

from __future__ import annotations

import abc
import csv
import io
import json
import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from chainrule._checks import as_flag, as_path
from chainrule.callbacks._base import Callback

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chainrule.callbacks._base import Run

__all__ = ["CSVLogger", "JSONLLogger"]


class _FileLogger(Callback, abc.ABC):
    """Writes a line per epoch, so that it is in the file whatever happens next."""

    def __init__(self, path: str | os.PathLike[str], *, append: bool) -> None:
        self.path = as_path(path)
        self.append = as_flag("append", append)
        self._file: TextIO | None = None

    def on_train_begin(self, run: Run) -> None:
        """Open the file."""
        path, header = Path(self.path), self._header(run)
        goes_on = self.append and path.is_file() and path.stat().st_size > 0
        if goes_on:
            _check_that_lines_fit(path, self._start(run))
        self._file = path.open("a" if self.append else "w", encoding="utf-8", newline="")
        if not goes_on:
            self._write(header)

    def on_epoch_end(self, run: Run) -> None:
        """Write the line of this epoch."""
        values = {key: float(run.logs[key]) for key in run.keys}
        self._write(self._line({"epoch": run.epoch, **values}))

    def on_train_end(self, run: Run) -> None:  # noqa: ARG002
        """Close the file."""
        file, self._file = self._file, None
        if file is not None:
            file.close()

    def _write(self, text: str) -> None:
        assert self._file is not None
        self._file.write(text)
        self._file.flush()

    @abc.abstractmethod
    def _header(self, run: Run) -> str:
        """Return what stands above the lines."""

    def _start(self, run: Run) -> str:
        """Return what a file begins with that lines can be added to."""
        return self._header(run)

    @abc.abstractmethod
    def _line(self, values: dict[str, float]) -> str:
        """Return the line of an epoch."""


def _check_that_lines_fit(path: Path, start: str) -> None:
    """Raise ValueError if no more lines can follow those of a file, which is to begin so."""
    with path.open("rb") as file:
        first = file.readline()
        file.seek(-1, os.SEEK_END)
        last = file.read()
    if last != b"\n":
        raise ValueError(f"path: the last line of {str(path)!r} is cut off; remove it to go on")
    if not first.startswith(start.encode()):
        raise ValueError(
            f"path: expected a file of earlier fits, which begins with {start!r}, got "
            f"{first.decode(errors='replace')!r} in {str(path)!r}"
        )


class CSVLogger(_FileLogger):
    """Write the values of every epoch into a CSV file.

    Parameters
    ----------
    path : str or path
        Where to. The first line has the names: ``epoch``, from 1 in each fit, and the keys of the
        history.
    separator : str, default ","
        The character between values.
    append : bool, default False
        Whether lines are added to a file that is there; by default it is replaced.

    Raises
    ------
    TypeError
        If an argument is of the wrong kind.
    ValueError
        If `separator` is not one character, or is a quote or the end of a line; by ``fit``, before
        the first update, if the file to append to has other columns, or its last line is cut off.
    OSError
        By ``fit``, if the file cannot be written: before the first update if it cannot be opened.

    Notes
    -----
    Numbers have the digits that give them back exactly; those that are not finite are ``nan``,
    ``inf`` and ``-inf``. A line is in the file when its epoch ends.

    References
    ----------
    Keras, ``CSVLogger``.

    Examples
    --------
    >>> from pathlib import Path
    >>> import numpy as np
    >>> import chainrule as cr
    >>> log = cr.CSVLogger("log.csv")
    >>> net = cr.mlp([2, 1], seed=0)
    >>> h = net.fit(np.ones((8, 2)), np.ones(8), epochs=2, callbacks=[log])
    >>> lines = Path("log.csv").read_text().splitlines()
    >>> lines[0], lines[1].split(",")[1] == str(h["loss"][0])
    ('epoch,loss,learning_rate,seconds', True)
    """

    def __init__(
        self, path: str | os.PathLike[str], *, separator: str = ",", append: bool = False
    ) -> None:
        super().__init__(path, append=append)
        if not isinstance(separator, str):
            raise TypeError(f"separator: expected one character, got {separator!r}")
        if len(separator) != 1 or separator in '"\r\n':
            raise ValueError(
                f"separator: expected one character, no quote or end of a line, got {separator!r}"
            )
        self.separator = separator

    def _header(self, run: Run) -> str:
        return self._row(["epoch", *run.keys])

    def _line(self, values: dict[str, float]) -> str:
        return self._row(values.values())

    def _row(self, cells: Iterable[object]) -> str:
        row = io.StringIO()
        csv.writer(row, delimiter=self.separator, lineterminator="\n").writerow(cells)
        return row.getvalue()


class JSONLLogger(_FileLogger):
    """Write the values of every epoch into a file, a JSON object per line.

    Parameters
    ----------
    path : str or path
        Where to. A line has ``epoch``, from 1 in each fit, and the keys of the history.
    append : bool, default False
        Whether lines are added to a file that is there; by default it is replaced.

    Raises
    ------
    TypeError
        If an argument is of the wrong kind.
    ValueError
        By ``fit``, before the first update, if the file to append to does not begin with a JSON
        object, or its last line is cut off.
    OSError
        By ``fit``, if the file cannot be written: before the first update if it cannot be opened.

    Notes
    -----
    Numbers have the digits that give them back exactly; those that are not finite, for which JSON
    has no words, are ``null``. A line is in the file when its epoch ends.

    References
    ----------
    JSON Lines, jsonlines.org; RFC 8259, section 6.

    Examples
    --------
    >>> import json
    >>> from pathlib import Path
    >>> import numpy as np
    >>> import chainrule as cr
    >>> log = cr.JSONLLogger("log.jsonl")
    >>> net = cr.mlp([2, 1], seed=0)
    >>> h = net.fit(np.ones((8, 2)), np.ones(8), epochs=2, callbacks=[log])
    >>> lines = Path("log.jsonl").read_text().splitlines()
    >>> [json.loads(line)["loss"] for line in lines] == h["loss"]
    True
    """

    def __init__(self, path: str | os.PathLike[str], *, append: bool = False) -> None:
        super().__init__(path, append=append)

    def _header(self, run: Run) -> str:  # noqa: ARG002
        return ""

    def _start(self, run: Run) -> str:  # noqa: ARG002
        return "{"

    def _line(self, values: dict[str, float]) -> str:
        known = {key: value if math.isfinite(value) else None for key, value in values.items()}
        return json.dumps(known, allow_nan=False) + "\n"
