"""`l3kit init`: the folder of a twin of one's own: its files, params, notebooks and a workflow for CI.

No cloud is reached and nothing is deployed here; what is written is for people to edit afterwards.
"""
