"""Exports over a published version and a vault made by hand."""
