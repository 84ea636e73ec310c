"""Experiments over sealed audiences: from entries and facts to sums, and what is said of them."""
