"""What commands and pages read of a home: published tables, manifests, Rekindle's own tables.

Belongs here: the questions, one query each, and the order and labels of the answers.
Does not: changing anything, layout of a page (report), Dagster.
"""
