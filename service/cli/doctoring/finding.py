"""What a check found."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is."""

    sound = "sound"
    notice = "notice"
    """Works, but somebody should know."""
    broken = "broken"
    """Does not work, or must not go on like this."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: its stable `code`, what is so, and how to mend it when it is not sound."""

    level: Level
    code: str
    what: str
    mend: str = ""


def sound(code: str, what: str) -> Finding:
    """Return that all is well."""
    return Finding(Level.sound, code, what)


def notice(code: str, what: str, mend: str) -> Finding:
    """Return something to know."""
    return Finding(Level.notice, code, what, mend)


def broken(code: str, what: str, mend: str) -> Finding:
    """Return something to mend."""
    return Finding(Level.broken, code, what, mend)
