"""Do compiled classes say what they take?"""

from __future__ import annotations

import inspect
import pydoc
from typing import Any

import pytest

import chainrule as cr
from cases import CLASSES, fields

MEMBERS = [cls for classes in CLASSES.values() for cls in classes.values()]


@pytest.mark.parametrize("cls", MEMBERS)
def test_a_signature_has_the_fields_and_their_defaults(cls: Any) -> None:
    parameters = inspect.signature(cls).parameters
    assert list(parameters) == list(fields(cls))
    for position, (name, parameter) in enumerate(parameters.items()):
        assert (parameter.kind is parameter.KEYWORD_ONLY) == (position > 0)
        assert parameter.default == getattr(cls(), name)
    assert cls(**{name: parameter.default for name, parameter in parameters.items()}) == cls()
    assert f"{cls.__name__}{inspect.signature(cls)}" in pydoc.plain(pydoc.render_doc(cls))


def test_derived_classes_have_their_own() -> None:
    class Same(cr.Adam):
        pass

    class Slow(cr.Adam):
        def __init__(self, factor: float) -> None:
            super().__init__(factor * 1e-3)

    assert inspect.signature(Same) == inspect.signature(cr.Adam)
    assert list(inspect.signature(Slow).parameters) == ["factor"]
