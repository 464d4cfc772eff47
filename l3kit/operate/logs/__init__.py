"""Log lines of a twin's functions for the operator: reading and following."""
