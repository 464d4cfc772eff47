"""The grammar of the PartiQL statements that the sandbox reads."""
