"""The errors a user may see.

Belongs here: the class every such error derives from.
Does not: the errors themselves; each lives beside the code that raises it.
"""


class RekindleError(Exception):
    """Something the user can understand and act on: the command line prints the text and no traceback.

    The text says where, what was found, what is allowed and what to do, and never holds a contact detail.
    A subclass sets ``exit_code``: 2 for definitions and deliveries at fault, 75 for "busy, try again".
    """

    exit_code = 1
