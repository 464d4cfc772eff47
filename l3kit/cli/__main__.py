"""`python -m l3kit.cli`."""

import sys

from l3kit.cli import main

if __name__ == "__main__":
    sys.exit(main())
