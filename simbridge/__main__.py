"""`python -m simbridge` is the command `simbridge`, where that is not on the search path."""

from __future__ import annotations

import sys

from simbridge.cli.main import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
