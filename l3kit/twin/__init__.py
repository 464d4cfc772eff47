"""A twin and its files: configuration, layout, connections, naming rules, schedules.

No cloud is imported: what one of them can hold, it says through `l3kit.providers`.
"""
