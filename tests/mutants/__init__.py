"""Edits that turn the product wrong, each with the test that fails of it."""
