"""What a cloud must offer: protocols, and the values that they exchange.

No implementation, and no cloud by name.
"""
