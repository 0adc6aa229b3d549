"""What does a user see? Every public object of chainrule by its full name."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from types import ModuleType

import chainrule


def _modules() -> list[ModuleType]:
    names = [m.name for m in pkgutil.iter_modules(chainrule.__path__) if not m.name.startswith("_")]
    return [chainrule, *(importlib.import_module(f"chainrule.{name}") for name in names)]


def _public_objects() -> dict[str, object]:
    found: dict[str, object] = {}
    for module in _modules():
        for name in module.__all__:
            value = getattr(module, name)
            if isinstance(value, ModuleType) or not (inspect.isclass(value) or callable(value)):
                continue
            found[f"{module.__name__}.{name}"] = value
            if inspect.isclass(value):
                found |= _members(f"{module.__name__}.{name}", value)
    return found


def _members(owner: str, cls: type) -> dict[str, object]:
    """Public methods and properties which `cls` or a private base of it defines."""
    private_bases = [base for base in cls.__mro__ if base.__module__.startswith("chainrule._")]
    return {
        f"{owner}.{name}": getattr(cls, name)
        for part in dict.fromkeys([cls, *private_bases])
        for name, value in vars(part).items()
        if not name.startswith("_")
        and (inspect.isroutine(value) or isinstance(value, property | classmethod | staticmethod))
    }


PUBLIC_OBJECTS = _public_objects()
MODULES = {module.__name__: module for module in _modules()}


def sections(doc: str) -> dict[str, str]:
    """The numpydoc sections of a docstring: ``{"Parameters": ..., "Returns": ...}``."""
    parts = re.split(r"^([A-Z][\w ]+)\n-{3,}\n", inspect.cleandoc(doc), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))
