"""Rekindle's Python side: it loads, calls dbt, publishes, and shows; SQL decides who and how much.

Belongs here: what holds for every process that uses it.
Does not: anything that one part alone needs.
"""

import gc

# Dagster, dbt and its parsed project are 800,000 objects that stay. By Python's default (700) the collector
# goes through all of them a dozen times in a small run, for an eighth of its CPU seconds.
gc.set_threshold(500_000)
