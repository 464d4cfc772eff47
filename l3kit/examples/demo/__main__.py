"""`python -m l3kit.examples.demo`."""

import sys

from l3kit.examples.demo.command import main

if __name__ == "__main__":
    sys.exit(main())
