"""Settings from a function's environment: the table of functions and variables, and their validated values.

The deployer injects what the table names and the function validates against it, so the two cannot drift apart.
No stores, no protocol, no SDK."""
