"""`l3kit init`: the folder of the user's own twin: its files, params, notebooks and a workflow for CI.

No cloud is reached and nothing is deployed here; the files are for the user to edit afterwards.
"""
