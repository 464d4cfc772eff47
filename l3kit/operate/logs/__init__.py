"""Log lines of a twin's functions for the operator: read them, and follow them."""
