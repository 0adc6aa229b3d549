"""What does ``python -m chainrule`` do? The same as the command ``chainrule``."""

from __future__ import annotations

import sys

from chainrule._cli import main

if __name__ == "__main__":
    sys.exit(main())
