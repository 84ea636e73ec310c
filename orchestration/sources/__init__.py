"""The outside world's way in: one module per source, each writing immutable deliveries to the landing folder.

Belongs here: fetching or making data, writing deliveries.
Does not: cleaning, joining to other sources, opening the warehouse.
"""
