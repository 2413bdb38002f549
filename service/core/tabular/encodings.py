"""Finds out how a text file was written: UTF-8, UTF-16 with its mark, or GB18030, as Chinese office programs do."""

import codecs
from typing import Final

_MARKS: Final = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_PLAIN: Final = ("utf-8", "gb18030")


class EncodingUnknown(ValueError):
    """The bytes are text in none of the known ways; `offset` is the first byte that does not fit."""

    def __init__(self, offset: int) -> None:
        self.offset = offset
        super().__init__(f"byte {offset}")


def decode(data: bytes) -> str:
    """Return the text of a file. A byte-order mark decides; without one it is UTF-8, and otherwise GB18030.

    Raises:
        EncodingUnknown: it is neither; of the two the one that got further says where it stopped.
    """
    marked = next((encoding for mark, encoding in _MARKS if data.startswith(mark)), None)
    stopped = []
    for encoding in (marked,) if marked else _PLAIN:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError as error:
            # the decoder of a file with a mark counts from behind the mark
            stopped.append(error.start + (3 if encoding == "utf-8-sig" else 0))
    raise EncodingUnknown(max(stopped))
