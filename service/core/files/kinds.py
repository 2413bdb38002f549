"""What a file is, by its first bytes and never by what its sender says."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from service.core.files import errors


class FileKind(StrEnum):
    """The kinds that are kept."""

    jpeg = "jpeg"
    png = "png"
    webp = "webp"
    heic = "heic"
    pdf = "pdf"
    m4a = "m4a"
    mp3 = "mp3"
    wav = "wav"
    ogg = "ogg"
    mp4 = "mp4"


MEDIA_TYPES: Final[Mapping[FileKind, str]] = {
    FileKind.jpeg: "image/jpeg",
    FileKind.png: "image/png",
    FileKind.webp: "image/webp",
    FileKind.heic: "image/heic",
    FileKind.pdf: "application/pdf",
    FileKind.m4a: "audio/mp4",
    FileKind.mp3: "audio/mpeg",
    FileKind.wav: "audio/wav",
    FileKind.ogg: "audio/ogg",
    FileKind.mp4: "video/mp4",
}
IMAGES: Final = frozenset({FileKind.jpeg, FileKind.png, FileKind.webp, FileKind.heic})
SOUNDS: Final = frozenset({FileKind.m4a, FileKind.mp3, FileKind.wav, FileKind.ogg})


@dataclass(frozen=True, slots=True)
class _Mark:
    """Bytes at a place that all files of a kind have; `then` is a second mark further on."""

    kind: FileKind
    at: int
    marks: tuple[bytes, ...]
    then: tuple[int, bytes] | None = None

    def fits(self, head: bytes) -> bool:
        if self.then is not None and not head.startswith(self.then[1], self.then[0]):
            return False
        return any(head.startswith(mark, self.at) for mark in self.marks)


_BOX = (4, b"ftyp")
_MARKS: Final = (
    _Mark(FileKind.jpeg, 0, (b"\xff\xd8\xff",)),
    _Mark(FileKind.png, 0, (b"\x89PNG\r\n\x1a\n",)),
    _Mark(FileKind.webp, 0, (b"RIFF",), (8, b"WEBP")),
    _Mark(FileKind.wav, 0, (b"RIFF",), (8, b"WAVE")),
    _Mark(FileKind.pdf, 0, (b"%PDF-",)),
    _Mark(FileKind.ogg, 0, (b"OggS",)),
    _Mark(FileKind.mp3, 0, (b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2")),
    # ISO base media files: the brand decides
    _Mark(FileKind.heic, 8, (b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1"), _BOX),
    _Mark(FileKind.m4a, 8, (b"M4A ", b"M4B "), _BOX),
    _Mark(FileKind.mp4, 8, (b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V "), _BOX),
)


def kind_of(content: bytes) -> FileKind:
    """Return the kind of a file's content.

    Raises:
        errors.FileKindRefused: it is none that is kept.
    """
    head = content[:16]
    for mark in _MARKS:
        if mark.fits(head):
            return mark.kind
    raise errors.FileKindRefused
