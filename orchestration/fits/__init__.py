"""What Python fits to a warehouse and gives back to it: parameters, model versions, evaluated experiments.

Belongs here: reading samples and sums, keeping every result as rows of Rekindle's own tables.
Does not: likelihoods and statistics (core), scoring members (dbt), when a fit runs (assets).
"""
