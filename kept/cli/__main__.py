"""`python -m kept.cli`: the same as `kept`."""

import sys

from kept.cli import main

if __name__ == "__main__":
    sys.exit(main())
