"""The graph's assets: loading, the dbt models, publishing.

Belongs here: thin wrappers that call, pass on and attach metadata.
Does not: arithmetic, SQL, files.
"""
