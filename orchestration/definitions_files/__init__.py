"""Definitions as rows of ``seeds/``, read for Python: checked, listed, hashed.

Belongs here: finding and reading the CSV files.
Does not: what is a fault (core), applying a definition (dbt).
"""
