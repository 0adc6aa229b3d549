"""Is every member of every list what its name says? Loops over all lists, naming no member."""

from __future__ import annotations

import copy
import operator
import pickle
import re
from typing import Any

import numpy as np
import pytest

import chainrule as cr
import oracle
import oracle_optimizers
import oracle_random
from cases import CLASSES, FAMILIES, choices, fields, other_value, ranges

MEMBERS = [(family, name) for family, module in FAMILIES.items() for name in module.names()]
TWINS = {
    "activations": oracle.ACTIVATIONS,
    "losses": oracle.LOSSES,
    "optimizers": oracle_optimizers.OPTIMIZERS,
    "initializers": oracle_random.INITIALIZERS,
}


def twins(made: Any) -> list[Any]:
    """An object after every way to copy it."""
    protocols = range(pickle.HIGHEST_PROTOCOL + 1)
    pickled = [pickle.loads(pickle.dumps(made, protocol)) for protocol in protocols]
    return [copy.copy(made), copy.deepcopy(made), *pickled]


every_member = pytest.mark.parametrize(("family", "name"), MEMBERS)


def test_the_oracle_has_the_same_members() -> None:
    for family, twins in TWINS.items():
        assert set(twins) == set(FAMILIES[family].names()), family


def test_lists_have_no_name_twice() -> None:
    for family, module in FAMILIES.items():
        assert len(set(module.names())) == len(module.names()) == len(CLASSES[family]) > 0
        assert list(CLASSES[family]) == module.names()


@every_member
def test_class_is_the_name_in_camel_case(family: str, name: str) -> None:
    cls = CLASSES[family][name]
    assert cls.__module__.endswith(f".{family}")
    if family == "optimizers":  # PyTorch's spelling: SGD, AdamW
        assert cls.__name__.lower() == name
        assert getattr(cr, cls.__name__) is cls
    else:
        assert cls.__name__ == "".join(word.capitalize() for word in name.split("_"))


@every_member
def test_a_name_is_the_object_with_defaults(family: str, name: str) -> None:
    made = CLASSES[family][name]()
    assert made.name == name
    assert made.describe() == {"name": name, **fields(type(made))}
    # Wherever an object is accepted, its name is.
    if family == "activations":
        assert cr.Dense(2, name) == cr.Dense(2, made)
    elif family == "initializers":
        assert cr.Dense(2, initializer=name) == cr.Dense(2, initializer=made)
    elif family == "losses":
        assert [cr.mlp([2, 3], loss=given, seed=0).loss for given in (name, made)] == [made, made]
    else:
        for given in (name, made):
            net = cr.mlp([2, 1], seed=0)
            net.train_step([[1.0, 2.0]], [3.0], optimizer=given)
            assert net.optimizer == made


@every_member
def test_objects_are_values(family: str, name: str) -> None:
    cls = CLASSES[family][name]
    assert cls() == cls() != "other"
    assert hash(cls()) == hash(cls())
    shown = cls()
    assert eval(repr(shown), {cls.__name__: cls}) == shown
    for field, default in fields(cls).items():
        try:
            other = cls(**{field: other_value(cls, field, default)})
        except ValueError:  # it needs others to be different too
            continue
        assert other != shown
        assert repr(other) != repr(shown)
        assert twins(other) == [other] * len(twins(other))
        assert eval(repr(other), {cls.__name__: cls}) == other
        with pytest.raises(AttributeError):
            setattr(other, field, default)
    assert twins(shown) == [shown] * len(twins(shown))


@every_member
def test_classes_may_be_derived(family: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Own(CLASSES[family][name]):
        __qualname__ = "Own"

        def __init__(self, tag: str) -> None:
            super().__init__()
            self.tag = tag

    monkeypatch.setitem(globals(), "Own", Own)  # where pickle looks for it
    own = Own("mine")
    for twin in twins(own):
        assert (type(twin), twin.tag) == (Own, "mine")
        assert twin == own == CLASSES[family][name]()
        twin.tag = "other"
        assert own.tag == "mine"


@every_member
def test_an_object_without_init_raises_everywhere(family: str, name: str) -> None:
    cls = CLASSES[family][name]
    empty, full = cls.__new__(cls), cls()
    uses = [repr, hash, pickle.dumps, copy.copy, lambda f: f.name, lambda f: f.describe()]
    fields_of = [operator.attrgetter(field) for field in fields(cls)]
    for use in (*uses, *fields_of, lambda f: f == full, lambda f: full == f):
        with pytest.raises(RuntimeError, match="never built"):
            use(empty)
    with pytest.raises(RuntimeError, match="never built"):
        cr.mlp([1, 1]).train_step([[1.0]], [1.0], optimizer=cr.Adam.__new__(cr.Adam))
    empty.__init__()
    assert empty == full


def test_members_of_different_names_differ() -> None:
    made = [CLASSES[family][name]() for family, name in MEMBERS]
    assert len(set(made)) == len(made)


@every_member
def test_first_field_may_be_positional_and_the_rest_not(family: str, name: str) -> None:
    cls = CLASSES[family][name]
    values = [other_value(cls, field, default) for field, default in fields(cls).items()]
    names = list(fields(cls))
    if names:
        assert cls(values[0]) == cls(**{names[0]: values[0]})
        assert getattr(cls(values[0]), names[0]) == values[0]
    with pytest.raises(TypeError):
        cls(*values[:2], *([0.5] if len(values) < 2 else []))
    for unknown in ("no_such_field", "\udc80"):
        with pytest.raises(TypeError, match=r": (arguments: unknown name|expected no arguments)"):
            cls(**{unknown: 1})
    if names:
        with pytest.raises(TypeError, match=f"{cls.__name__}: {names[0]}: given twice"):
            cls(values[0], **{names[0]: values[0]})
        with pytest.raises(TypeError, match=f"names for all arguments but {names[0]}, got 2"):
            cls(values[0], values[0])
        with pytest.raises(TypeError, match=f"'{names[-1]}_'; did you mean .*{names[-1]}.* Known"):
            cls(**{names[-1] + "_": 1})


def below(limit: float, step: int) -> set[Any]:
    """The largest number below, or, with a step, the next whole one."""
    return {int(limit) - step} if step else {np.nextafter(limit, -np.inf)}


@every_member
def test_ranges_are_checked_as_documented(family: str, name: str) -> None:
    cls = CLASSES[family][name]
    kinds = {field: type(value) for field, value in fields(cls).items()}
    assert set(ranges(cls)) == {f for f, kind in kinds.items() if kind not in (bool, str)}
    assert set(choices(cls)) == {field for field, kind in kinds.items() if kind is str}
    for field, (left, low, high, right) in ranges(cls).items():
        if isinstance(fields(cls)[field], tuple):
            continue  # below
        whole = kinds[field] is int
        step = 1 if whole else 0
        outside: set[Any] = set() if whole else {np.nan, np.inf, -np.inf}
        if np.isfinite(low):
            outside |= below(low, step) | ({low} if left == "(" else set())
        if np.isfinite(high):
            outside |= {-x for x in below(-high, step)} | ({high} if right == ")" else set())
        words = rf"{cls.__name__}: {field}: expected {'an integer' if whole else 'a number'}"
        for value in outside:
            with pytest.raises(ValueError, match=f"{words} in"):
                cls(**{field: value})
        if left == "[":
            assert getattr(cls(**{field: int(low) if whole else low}), field) == low
        maybe = [] if fields(cls)[field] is None else [None]
        for odd in ("1", *maybe, *([1.0, 1.5] if whole else []), [1.0], 1j, True, np.True_):
            with pytest.raises(TypeError, match=words):
                cls(**{field: odd})
        with pytest.raises(ValueError, match=words):
            cls(**{field: 10**400})
    for field in (field for field, kind in kinds.items() if kind is bool):
        for odd in ("1", None, 1):
            with pytest.raises(TypeError, match=rf"{field}: expected True or False"):
                cls(**{field: odd})
        assert cls(**{field: np.False_}) == cls(**{field: False})


LISTS = [
    (cls, field)
    for classes in CLASSES.values()
    for cls in classes.values()
    for field, default in fields(cls).items()
    if isinstance(default, tuple)
]


@pytest.mark.parametrize(("cls", "field"), LISTS)
def test_fields_that_are_lists(cls: Any, field: str) -> None:
    for wrong in (1.0, "0.5", None, ["0.5"], [None], [True], [[0.5]]):
        with pytest.raises(TypeError, match=rf"{cls.__name__}: {field}: expected 1 to 64"):
            cls(**{field: wrong})
    for wrong in ([], [0.5] * 65, [10**400], [0.5, np.nan]):
        with pytest.raises(ValueError, match=rf"{cls.__name__}: {field}: expected"):
            cls(**{field: wrong})
    right = other_value(cls, field, fields(cls)[field])
    for given in (list(right), right, np.array(right), iter(right)):
        assert getattr(cls(**{field: given}), field) == right


@every_member
def test_words_are_checked_as_documented(family: str, name: str) -> None:
    cls = CLASSES[family][name]
    for field, words in choices(cls).items():
        said = rf"{cls.__name__}: {field}: expected '{words[0]}'.* or '{words[-1]}', got "
        for word in words:
            assert getattr(cls(**{field: word}), field) == word
            for wrong in (word + "s", word.upper(), "", "\udc80"):
                with pytest.raises(ValueError, match=said):
                    cls(**{field: wrong})
        for odd in (1, None, True, [words[0]]):
            with pytest.raises(TypeError, match=said):
                cls(**{field: odd})


@every_member
def test_docs_have_formula_and_source(family: str, name: str) -> None:
    doc = CLASSES[family][name].__doc__
    assert ".. math::" in doc
    assert re.search(r"^References\n-+\n\S", doc, re.MULTILINE)
    for field in fields(CLASSES[family][name]):
        assert re.search(rf"^{field} : .+, default \S.*\n    \S", doc, re.MULTILINE), field


@pytest.mark.parametrize("family", FAMILIES)
def test_unknown_names_are_refused_with_the_known_ones(family: str) -> None:
    build = {
        "activations": lambda given: cr.Dense(1, given),
        "initializers": lambda given: cr.Dense(1, initializer=given),
        "losses": lambda given: cr.mlp([1, 1], loss=given),
        "optimizers": lambda given: cr.mlp([1, 1]).train_step([[1.0]], [1.0], optimizer=given),
    }[family]
    for name in FAMILIES[family].names():
        with pytest.raises(ValueError, match="no_such"):
            build("no_such_" + name)
    with pytest.raises(TypeError, match=r"got 3\.5"):
        build(3.5)
    with pytest.raises(
        TypeError, match=r"got (a class; give|<class 'chainrule\._core\.\w+\.\w+'>)"
    ):
        build(next(iter(CLASSES[family].values())))
    other = "losses" if family != "losses" else "activations"
    with pytest.raises(TypeError):
        build(next(iter(CLASSES[other].values()))())
