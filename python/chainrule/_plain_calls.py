"""Which calls does the core answer without Python? Those that need no conversion and no words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["plain_first"]

_Method = TypeVar("_Method", bound="Callable[..., Any]")


def plain_first(in_core: Callable[[Any], object]) -> Callable[[_Method], _Method]:
    """Put a method of the core in front of the decorated one, which gets the calls it leaves."""

    def decorate(method: _Method) -> _Method:
        return cast("_Method", in_core(method))

    return decorate
