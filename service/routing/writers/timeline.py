"""Draws a day as SVG: one row per person, with the ways, visits, breaks and waits of his day. No script, no link."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from html import escape
from typing import Final

HOUR: Final = 3600
_ROW, _BAR, _LEFT, _TOP, _WIDTH = 34, 22, 120, 56, 1080
_STYLE: Final = (
    "text{font:12px sans-serif;fill:#222}.t{fill:#9aa7b4}.v{fill:#3f7fbf}.l{fill:#d9a441}.d{fill:#8a5fb0}"
    ".w{fill:#e6e6e6}.g{stroke:#ddd}.h{font-size:16px}.b{fill:#fff}"
)


class Kind(StrEnum):
    """What somebody does for a while."""

    travel = "travel"
    visit = "visit"
    lunch = "lunch"
    delivery = "delivery"
    waiting = "waiting"


LABELS: Final = {
    Kind.travel: "路程", Kind.visit: "服务", Kind.lunch: "午休", Kind.delivery: "送标本", Kind.waiting: "等候"
}  # fmt: skip
"""What people read for each."""
_CLASSES: Final = {Kind.travel: "t", Kind.visit: "v", Kind.lunch: "l", Kind.delivery: "d", Kind.waiting: "w"}


@dataclass(frozen=True, slots=True)
class Halt:
    """A stop as a plan tells it: `travel` seconds of way to it; start and end in seconds of the day. Who rides `by` a
    shared vehicle arrives when it does (`arrival`); else one leaves at once.
    """

    label: str
    start: int
    end: int
    travel: int
    kind: Kind = Kind.visit
    arrival: int | None = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """What somebody does from `start` to `end`, in seconds of the day."""

    kind: Kind
    start: int
    end: int
    label: str


@dataclass(frozen=True, slots=True)
class Lane:
    """One person's row."""

    name: str
    spans: tuple[Span, ...]


def lane(name: str, halts: Sequence[Halt], home: int, back: int | None = None, by: str = "") -> Lane:
    """Return a person's row: he leaves just in time for the first stop, waits at doors, and is back after `home`, or
    when the vehicle is that takes him there.
    """
    return Lane(name, tuple(_spans(halts, home, back, by)))


def _spans(halts: Sequence[Halt], home: int, back: int | None, by: str) -> Iterator[Span]:
    free: int | None = None
    for halt in halts:
        arrival = halt.start if free is None else min(halt.start, free + halt.travel)
        arrival = arrival if halt.arrival is None else halt.arrival
        if free is not None and free < arrival - halt.travel:
            yield Span(Kind.waiting, free, arrival - halt.travel, LABELS[Kind.waiting])
        if halt.travel:
            yield Span(Kind.travel, arrival - halt.travel, arrival, halt.by or LABELS[Kind.travel])
        if arrival < halt.start:
            yield Span(Kind.waiting, arrival, halt.start, LABELS[Kind.waiting])
        yield Span(halt.kind, halt.start, halt.end, halt.label)
        free = halt.end
    if halts and home:
        back = halts[-1].end + home if back is None else back
        if halts[-1].end < back - home:
            yield Span(Kind.waiting, halts[-1].end, back - home, LABELS[Kind.waiting])
        yield Span(Kind.travel, back - home, back, by or LABELS[Kind.travel])


def timeline(title: str, lanes: Sequence[Lane]) -> str:
    """Return the picture; every text is escaped."""
    moments = [at for each in lanes for span in each.spans for at in (span.start, span.end)] or [8 * HOUR, 17 * HOUR]
    first, last = min(moments) // HOUR, -(-max(moments) // HOUR)
    scale = _WIDTH / max(HOUR, (last - first) * HOUR)
    height = _TOP + _ROW * len(lanes) + 40

    def across(seconds: int) -> float:
        return round(_LEFT + (seconds - first * HOUR) * scale, 1)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_LEFT + _WIDTH + 20}" height="{height}" role="img">',
        f"<title>{escape(title)}</title><style>{_STYLE}</style>",
        f'<text class="h" x="10" y="22">{escape(title)}</text>',
    ]
    for hour in range(first, last + 1):
        at = across(hour * HOUR)
        parts.append(f'<line class="g" x1="{at}" x2="{at}" y1="{_TOP - 8}" y2="{height - 36}"/>')
        parts.append(f'<text x="{at}" y="{_TOP - 14}" text-anchor="middle">{hour:02}:00</text>')
    for row, each in enumerate(lanes):
        top = _TOP + row * _ROW
        parts.append(f'<text x="10" y="{top + 16}">{escape(each.name)}</text>')
        for span in each.spans:
            said = f"{LABELS[span.kind]} {_clock(span.start)}–{_clock(span.end)}"
            named = span.kind is Kind.visit or (span.label != LABELS[span.kind] and span.kind is not Kind.lunch)
            said = f"{said} {span.label}" if named else said
            wide = max(1.0, round(across(span.end) - across(span.start), 1))
            parts.append(
                f'<g><title>{escape(said)}</title><rect class="{_CLASSES[span.kind]}" x="{across(span.start)}"'
                f' y="{top}" width="{wide}" height="{_BAR}"/></g>'
            )
    for at, (kind, label) in enumerate(LABELS.items()):
        parts.append(f'<rect class="{_CLASSES[kind]}" x="{_LEFT + at * 90}" y="{height - 26}" width="16" height="14"/>')
        parts.append(f'<text x="{_LEFT + at * 90 + 22}" y="{height - 14}">{label}</text>')
    return "\n".join([*parts, "</svg>\n"])


def _clock(seconds: int) -> str:
    return f"{seconds // HOUR:02}:{seconds % HOUR // 60:02}"
