"""The history of mover runs, and the actions that it calls for."""
