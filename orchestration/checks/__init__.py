"""Checks on what is published, beside dbt's tests.

Belongs here: what can only be asked with the clock or the landing folder at hand.
Does not: tests of the data (dbt_project), the audit before publishing (orchestration.warehouse.builds).
"""
