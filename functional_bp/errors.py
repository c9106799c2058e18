"""The one error a person at the command line is meant to see."""

__all__ = ["InputError"]


class InputError(ValueError):
    """Input that cannot be used: one sentence with what was expected and what came.

    The command line prints it as one line and exits with code 2.
    """
