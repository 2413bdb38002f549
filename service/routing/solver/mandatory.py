"""What it costs to leave out a job that must be done: in every search, and where their plans are compared."""

from typing import Final

MUST: Final = 10**13
"""Above any cost a day can have."""
