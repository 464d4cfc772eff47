"""Loading of readings from files into the hot tier: reading rows, mapping to items, writing, record keeping."""
