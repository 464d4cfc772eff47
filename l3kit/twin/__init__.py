"""A twin and its files: configuration, layout, connections, naming rules, schedules.

No cloud is imported: each states its limits through `l3kit.providers`.
"""
