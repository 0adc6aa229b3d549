"""Does every public object say what it is, takes and gives, in numpydoc's sections?"""

from __future__ import annotations

import inspect
import re

import pytest

from public_objects import PUBLIC_OBJECTS, sections


@pytest.mark.parametrize("public", PUBLIC_OBJECTS)
def test_opens_with_one_sentence(public: str) -> None:
    doc = inspect.getdoc(PUBLIC_OBJECTS[public])
    assert doc, "there is no docstring"
    # Bound functions begin with their signature.
    doc = re.sub(r"^\w+\(.*\) -> .*\n+", "", doc)
    assert doc.partition("\n\n")[0].strip().endswith(".")


def _overrides(public: str) -> bool:
    """Whether a public base class describes the method already."""
    owner = PUBLIC_OBJECTS.get(public.rpartition(".")[0])
    method = public.rpartition(".")[2]
    return inspect.isclass(owner) and any(
        hasattr(base, method) for base in owner.__mro__[1:] if base in PUBLIC_OBJECTS.values()
    )


CALLABLES = [n for n, v in PUBLIC_OBJECTS.items() if callable(v) and not _overrides(n)]


@pytest.mark.parametrize("public", CALLABLES)
def test_describes_parameters_and_result(public: str) -> None:
    found = PUBLIC_OBJECTS[public]
    described = sections(inspect.getdoc(found) or "")
    for parameter in _parameters(found):
        # Several may share a line: "validation_data, validation_split : ...".
        line = rf"^(\*{{0,2}}\w+, )*\*{{0,2}}{parameter}(, \*{{0,2}}\w+)* ?:"
        text = described.get("Parameters", "")
        assert re.search(line, text, flags=re.MULTILINE), f"parameter {parameter} is missing"
    if _returns_something(found):
        assert "Returns" in described, "section Returns is missing"


def _signature(found: object) -> inspect.Signature | None:
    try:
        return inspect.signature(found)  # type: ignore[arg-type]
    except ValueError:  # bound functions tell their signature in their docstring only
        return None


def _parameters(found: object) -> list[str]:
    signature = _signature(found)
    return [name for name in signature.parameters if name != "self"] if signature else []


def _returns_something(found: object) -> bool:
    signature = _signature(found)
    if signature is None or inspect.isclass(found):
        return False
    return signature.return_annotation not in {None, "None", inspect.Signature.empty}
