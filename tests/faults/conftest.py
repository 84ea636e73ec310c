"""The chain that was built once."""

from tests.built import chain

__all__ = ["chain"]
