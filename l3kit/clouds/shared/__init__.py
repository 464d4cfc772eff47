"""Written once for clouds that need it: functions behind a function host, link resources, waiting.

Nothing that only one cloud uses.
"""
