"""What do formulas take? Signatures of compiled classes, for ``inspect``, ``help`` and editors."""

from __future__ import annotations

from inspect import Parameter, Signature
from types import FunctionType
from typing import Any

from chainrule._core import Formula

__all__ = ["FormulaSignature"]


class FormulaSignature:
    """The ``__signature__`` of classes of formulas, as their objects describe themselves."""

    def __get__(self, made: object, cls: Any) -> Signature:
        if cls is Formula or isinstance(cls.__init__, FunctionType):  # which has one of its own
            raise AttributeError("__signature__")
        at_defaults = cls()
        fields = [name for name in at_defaults.describe() if name != "name"]
        kinds = [Parameter.POSITIONAL_OR_KEYWORD] + [Parameter.KEYWORD_ONLY] * len(fields)
        return Signature(
            [
                Parameter(name, kind, default=getattr(at_defaults, name))
                for name, kind in zip(fields, kinds, strict=False)
            ]
        )
