"""How do files hold a layer that is nothing but its fields? By its type and each of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

__all__ = ["Described"]


@dataclass(frozen=True)
class Described:
    """A layer whose fields say everything."""

    type: ClassVar[str]

    def describe(self) -> dict[str, Any]:
        """Return the layer as files hold it.

        Returns
        -------
        dict
            ``{"type": ..., ...}`` with every field.

        Examples
        --------
        >>> import chainrule as cr
        >>> cr.Dropout(0.2).describe()
        {'type': 'dropout', 'p': 0.2}
        """
        return {"type": self.type, **asdict(self)}
