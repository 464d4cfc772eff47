"""The history of mover runs, and what of it needs doing."""
