"""The loader: landing to loaded, quarantine and vault.

Belongs here: reading contracts and deliveries, checking files and rows, pseudonyms, the files dbt reads.
Does not: fetching from sources, joining tables, business rules, the build lock (the caller holds it).
"""

from orchestration.loader.loading import LoadSummary, load
from orchestration.loader.records import TableLoad

__all__ = ["LoadSummary", "TableLoad", "load"]
