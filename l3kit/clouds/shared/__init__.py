"""Code shared by several clouds: functions behind a function host, link resources, waiting.

Code for one cloud alone does not belong here.
"""
