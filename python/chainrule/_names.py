"""What does a name stand for? A member of a list; what other libraries call it is told."""

from __future__ import annotations

from typing import Any

from chainrule import _core
from chainrule._checks import shown

__all__ = ["as_formula", "check_name"]

# Names of PyTorch, Keras and scikit-learn that are no others than names here.
_HERE = {
    "linear": "identity",
    "logistic": "sigmoid",
    "swish": "silu",
    "mean_squared_error": "mse",
    "squared_error": "mse",
    "mean_absolute_error": "mae",
    "absolute_error": "mae",
    "bce": "binary_cross_entropy",
    "binary_crossentropy": "binary_cross_entropy",
    "categorical_crossentropy": "cross_entropy",
    "sparse_categorical_crossentropy": "cross_entropy",
    "crossentropy": "cross_entropy",
    "kl_div": "kl_divergence",
    "pinball": "quantile",
    "acc": "accuracy",
    "auc": "roc_auc",
}


def _hint(given: object, known: list[str]) -> str:
    """Return what a name of other libraries is called here, if the list has it."""
    here = _HERE.get(given) if isinstance(given, str) else None
    return f"; {given} is {here!r} here" if here in known else ""


def check_name(argument: str, given: str, known: list[str]) -> None:
    """Raise ``ValueError`` for a name that is not known."""
    try:
        _core.check_name(argument, given, known)
    except ValueError as error:
        raise ValueError(f"{error}{_hint(given, known)}") from None


def as_formula(argument: str, family: Any, given: object) -> _core.Formula:
    """Return the member of a list that is given by its name or as an object."""
    try:
        formula: _core.Formula = family.get(given)
    except ValueError as error:
        words = str(error).partition(": ")[2]
        raise ValueError(f"{argument}: {words}{_hint(given, family.names())}") from None
    except TypeError:
        name = family.__name__.replace("._core.", ".")
        raise TypeError(
            f"{argument}: expected a name or an object of {name}, got {shown(given)}"
        ) from None
    return formula
