"""Reports: tables and pictures of what is published.

Belongs here: reading aggregates of a published version, laying them out, drawing them.
Does not: computing what SQL computes, member rows, the command line, Dagster.
"""
