"""What makes a library measurable? One small class in a file of the folder opponents."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from problem import Problem


class Opponent(ABC):
    """A library, or a way to call it, that trains the network of a problem.

    A file ``opponents/<name>.py`` defines one subclass called ``Opponent``; its name on the command
    line and in tables is that of the file. Each runs in a process of its own.

    Parameters
    ----------
    problem : Problem
        Network, data and first weights.
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
    def reset(self) -> None:
        """Take the first weights of the problem and forget the optimiser's state."""

    @abstractmethod
    def step(self, i: int) -> float:
        """Train on batch i; return the loss before the update."""

    def epochs(self, n: int) -> None:
        """Train on all batches in order, n times."""
        for _ in range(n):
            for i in range(self.problem.n_batches):
                self.step(i)
