"""Rekindle's Python side: it loads, calls dbt, publishes, and shows; SQL decides who and how much."""
