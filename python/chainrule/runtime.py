"""What does chainrule run on? Kernels, threads, versions."""

from __future__ import annotations

import platform

import numpy as np

from chainrule import _core
from chainrule._checks import as_count
from chainrule._version import __version__
from chainrule._warnings import notices, warn_of_notices

__all__ = ["get_num_threads", "set_num_threads", "show_config"]

MOST_THREADS = 1024


def set_num_threads(n: int) -> None:
    """Set the largest number of threads that one call uses.

    Parameters
    ----------
    n : int
        From 1 to 1024; taken as given, even above the number of CPUs. Small work uses fewer.

    Raises
    ------
    TypeError
        If `n` is not a whole number.
    ValueError
        If `n` is out of range.

    Notes
    -----
    Without it, the number is that of ``CHAINRULE_NUM_THREADS``, or else the least of the CPUs in
    the affinity mask, the CPU quota of the container, and ``OMP_NUM_THREADS``. No result depends on
    it, to the last bit.

    Examples
    --------
    >>> import chainrule as cr
    >>> before = cr.get_num_threads()
    >>> cr.set_num_threads(2)
    >>> cr.get_num_threads()
    2
    >>> cr.set_num_threads(before)
    """
    _core.set_num_threads(as_count("n", n, most=MOST_THREADS))


def get_num_threads() -> int:
    """Return the largest number of threads that one call uses.

    Returns
    -------
    int
        At least 1.

    Examples
    --------
    >>> import chainrule as cr
    >>> cr.get_num_threads() >= 1
    True
    """
    warn_of_notices()
    return int(_core.get_num_threads())


def config() -> dict[str, str]:
    """Return what :func:`show_config` prints."""
    warn_of_notices()
    return {
        "chainrule": __version__,
        "kernels": f"{_core.isa()} (available: {', '.join(_core.available_isas())})",
        "threads": str(_core.get_num_threads()),
        "compiler": _core.compiler(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "machine": f"{platform.system()} {platform.machine()}",
        "notices": "; ".join(notices()) or "none",
    }


def show_config() -> None:
    """Print versions, the kernels in use, and the number of threads.

    Notes
    -----
    ``CHAINRULE_ISA=scalar|avx2|avx512`` makes the library use that tier of kernels or the best
    below it.

    Examples
    --------
    >>> import chainrule as cr
    >>> cr.show_config()  # doctest: +ELLIPSIS
    chainrule  ...
    """
    entries = config()
    width = max(len(key) for key in entries)
    for key, value in entries.items():
        print(f"{key:<{width}}  {value}")
