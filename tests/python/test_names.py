"""Is a wrong name or object told by the argument, and a name of other libraries with ours?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import _names

if TYPE_CHECKING:
    from collections.abc import Callable

X = np.ones((4, 2))
CALLS: dict[str, tuple[Any, Callable[[Any], object]]] = {
    "activation": (cr.activations, lambda given: cr.mlp([2, 3, 1], given)),
    "output": (cr.activations, lambda given: cr.mlp([2, 3, 1], output=given)),
    "loss": (cr.losses, lambda given: cr.mlp([2, 1], loss=given)),
    "optimizer": (cr.optimizers, lambda given: cr.mlp([2, 1]).fit(X, np.ones(4), optimizer=given)),
}


@pytest.mark.parametrize("argument", CALLS)
def test_messages_begin_with_the_argument(argument: str) -> None:
    family, call = CALLS[argument]
    with pytest.raises(ValueError, match=f"^{argument}: unknown name 'nothing'; .*Known: "):
        call("nothing")
    with pytest.raises(TypeError, match=rf"^{argument}: expected a name or .* {family.__name__}, "):
        call(3)
    cls = getattr(family, family.__all__[0])
    with pytest.raises(TypeError, match=rf"got a class; give {cls.__name__}\(\.\.\.\)$"):
        call(cls)


@pytest.mark.parametrize(("elsewhere", "here"), _names._HERE.items())
def test_names_of_other_libraries_are_told(elsewhere: str, here: str) -> None:
    lists = [cr.activations.names(), cr.losses.names(), cr.metrics.names()]
    assert sum(here in known for known in lists) > 0
    for known in lists:
        assert elsewhere not in known
        with pytest.raises(ValueError, match="unknown name") as raised:
            _names.check_name("loss", elsewhere, known)
        assert str(raised.value).endswith(f"; {elsewhere} is {here!r} here") == (here in known)
