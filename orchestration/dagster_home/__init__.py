"""Dagster's own folder in a home: its settings, its event log, opening it.

Belongs here: how the instance is set up and reached.
Does not: the graph (assets, checks, definitions), running a job (runs).
"""
