"""One planted fault for every check of the warehouse."""
