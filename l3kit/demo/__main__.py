"""`python -m l3kit.demo`."""

import sys

from l3kit.demo.command import main

if __name__ == "__main__":
    sys.exit(main())
