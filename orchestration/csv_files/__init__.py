"""CSV files, read in one way by `rekindle deliver`, the loader, erasure and `rekindle import`.

Belongs here: encoding, separator, line ends, header, rows of cells; what is wrong with a file, by its line.
Does not: which columns a table has (loader.deliveries), what a cell means (loader.row_rules).

No message quotes a row: it may hold contact details.
"""
