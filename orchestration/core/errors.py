"""The errors a user may see.

Belongs here: the two that carry no more than a text and an exit code.
Does not: errors that somebody catches; each of those lives beside the code that raises it.
"""


class RekindleError(Exception):
    """Something the user can understand and act on: the command line prints the text and no traceback.

    The text says where, what was found, what is allowed and what to do, and never holds a contact detail.
    """

    exit_code = 1


class InputFault(RekindleError):
    """What people wrote, delivered or asked for is at fault: definitions, deliveries, options."""

    exit_code = 2
