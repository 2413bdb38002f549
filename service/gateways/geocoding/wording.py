"""How addresses are written: made comparable, and shortened to what a stranger needs to know."""

import re
import unicodedata
from typing import Final

_NOISE: Final = re.compile(r"[^\w·]+")  # blanks and punctuation say nothing about a place, and break signatures
_DOOR: Final = re.compile(r"(?:[0-9A-Za-z一二三四五六七八九十]{1,4}单元.*|[0-9A-Za-z]{1,6}(?:室|户).*)$")
_NAMES_A_DISTRICT: Final = re.compile(r"[省市县旗]|(?<![小社园新院])区")


def normalised(text: str) -> str:
    """Return an address without blanks, punctuation and full-width letters: 3＃楼 and 3 号楼 are one."""
    return _NOISE.sub("", unicodedata.normalize("NFKC", text).replace("#", "号")).lower()


def outward(address: str, district: str) -> str:
    """Return what may be told to a map provider: the address up to the building, in its district, never the flat."""
    short = normalised(address)
    short = _DOOR.sub("", short) or short
    return short if _NAMES_A_DISTRICT.search(short) else normalised(district) + short
