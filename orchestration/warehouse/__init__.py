"""The warehouse as a file: built beside the published one, audited, switched in by one atomic step.

Belongs here: the build lock, dbt in this process, builds, publications, versions, read-only opening.
Does not: what the models say (``dbt_project``), loading deliveries, Dagster.
"""
