"""Reading randomised experiments from sums per arm.

Belongs here: one statistical method per module, numbers in and numbers out.
Does not: which members count, sums over members (SQL), where a decision is kept.
"""
