"""Dead letters for the operator: list them, and replay them."""
