"""Pure functions: arguments in, values out.

Belongs here: mathematics, parsing of values already read, the rules of definitions.
Does not: frameworks, files, databases, the clock, the environment.
"""
