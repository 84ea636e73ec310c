"""A shop's own files into the standard shape: read, recognised, mapped, converted, shown, delivered.

Belongs here: everything between a file as somebody's system wrote it and deliveries of the contract's tables.
Does not: validating rows (orchestration.loader), asking and printing (cli.import_files).
"""
