"""What does a layer begin with? Values that are drawn, or an array of the caller's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule import _core
from chainrule._arrays import as_tensor
from chainrule._names import as_formula

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, DTypeLike, NDArray

__all__ = ["GivenArray", "as_initializer", "initializer_from_description"]


class GivenArray:
    """Values that a layer begins with, as the caller gave them: immutable and comparable.

    Parameters
    ----------
    values : array_like or None
        The values, which are copied; None where they are not known, since no file holds them.

    Examples
    --------
    >>> import chainrule as cr
    >>> cr.Dense(1, initializer=[[1.0, 2.0]]).initializer
    GivenArray([[1., 2.]])
    """

    __slots__ = ("values",)

    name = "array"
    values: NDArray[Any] | None

    def __init__(self, values: ArrayLike | None) -> None:
        kept = None if values is None else np.array(as_tensor("initializer", values), order="C")
        if kept is not None:
            kept.flags.writeable = False
            kept = kept.view()  # of which nobody can say that it may be written
        object.__setattr__(self, "values", kept)

    __array_ufunc__ = None  # what is compared with an array is not an array of comparisons

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        if self.values is None:
            raise ValueError("initializer: no file holds the array that it was")
        return np.array(self.values, dtype=dtype)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{name}: an initializer cannot be changed; make another one")

    def __delattr__(self, name: str) -> None:
        self.__setattr__(name, None)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.values,)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, GivenArray):
            return NotImplemented
        if self.values is None or other.values is None:
            return self.values is other.values
        return np.array_equal(self.values, other.values)

    def __hash__(self) -> int:
        return hash(self.name if self.values is None else self.values.shape)

    def __repr__(self) -> str:
        if self.values is None:
            return "GivenArray(None)"
        numbers = np.array2string(self.values, separator=", ", threshold=20, prefix="GivenArray(")
        return f"GivenArray({numbers})"

    def describe(self) -> dict[str, Any]:
        """Return what files hold: the name alone.

        Returns
        -------
        dict
            ``{"name": "array"}``.

        Examples
        --------
        >>> import chainrule as cr
        >>> cr.Dense(1, bias_initializer=[0.5]).bias_initializer.describe()
        {'name': 'array'}
        """
        return {"name": self.name}


def as_initializer(argument: str, given: object) -> _core.Formula | GivenArray:
    """Return the initialiser that is given by its name, as an object, or as an array of values."""
    if isinstance(given, GivenArray):
        return given
    is_array = isinstance(given, list | tuple) or hasattr(given, "__array__")
    if is_array and not isinstance(given, str | type):  # NumPy's strings are arrays, too
        values: Any = given
        return GivenArray(as_tensor(argument, values))
    try:
        return as_formula(argument, _core.initializers, given)
    except TypeError as error:
        raise TypeError(
            str(error).replace("expected a name", "expected an array, a name")
        ) from None


def initializer_from_description(description: dict[str, Any]) -> _core.Formula | GivenArray:
    """Return the initialiser of a description, whose array is not known if it was one."""
    if description["name"] == GivenArray.name:
        return GivenArray(None)
    formula: _core.Formula = _core.initializers.from_description(description)
    return formula
