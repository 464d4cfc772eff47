"""Programs that serve one deployed function each, in a process with nothing of l3kit on its path."""
