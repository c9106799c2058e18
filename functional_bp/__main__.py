"""`python -m functional_bp`: the command line."""

import sys

from functional_bp.cli import main

if __name__ == "__main__":
    sys.exit(main())
