"""What makes a library measurable? One small class in a file of the folder opponents."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from problem import Array, Problem


class Opponent(ABC):
    """A library, or a way to call it, that predicts with the network of a problem.

    Parameters
    ----------
    problem : Problem
        Network, parameters and inputs.
    n_threads : int
        Threads that the library may use. Environment variables of OpenMP, OpenBLAS and MKL are set.

    Raises
    ------
    NotImplementedError
        If the library has no such network; it is left out then.
    """

    def __init__(self, problem: Problem, n_threads: int) -> None:
        self.problem = problem
        self.n_threads = n_threads

    @abstractmethod
    def call(self) -> Callable[[], object]:
        """Return what is timed: one call that predicts for the inputs, ready made."""

    @abstractmethod
    def outputs(self) -> Array:
        """Return the outputs (rows, m) of the last call."""
