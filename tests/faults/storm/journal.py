"""What the clients remember of their writes: the intent before it is sent, the acknowledgement once it is heard."""

import hashlib
import json
import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Json = dict[str, Any]


@dataclass
class Write:
    """One write of one client; `id` is what the server called it, once it said so.

    `attempts`: how often it was sent. `replayed`: the answer was told again, so an earlier attempt had been carried out
    and its answer lost. `met`: an earlier attempt's work was found done.
    """

    number: int
    kind: str
    who: str
    path: str
    body: Json | None
    digest: str
    key: str | None
    id: str | None = None
    status: int | None = None
    attempts: int = 0
    replayed: bool = False
    met: bool = False

    @property
    def acknowledged(self) -> bool:
        """Whether the client was told that it is done."""
        return self.id is not None


class Journal:
    """A file that is only appended to, a line a word; what is in it was written before the client went on."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.acknowledgements = 0
        self.silence = 0.0
        """The longest time, in seconds, in which no client was told anything."""
        self._heard_at = float("inf")
        self._written = 0
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def intend(self, kind: str, who: str, path: str, body: Json | None, *, keyed: bool) -> Write:
        """Write down what will be asked, under a key of its own if the operation takes one."""
        self._written += 1
        digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
        key = f"storm-{os.getpid()}-{self._written}" if keyed else None
        write = Write(self._written, kind, who, path, body, digest, key)
        self._append(
            {"intent": write.number, "kind": kind, "who": who, "path": path, "body": body, "digest": digest, "key": key}
        )
        return write

    def acknowledge(self, write: Write) -> None:
        """Write down what the server said."""
        self.acknowledgements += 1
        now = time.monotonic()
        self.silence, self._heard_at = max(self.silence, now - self._heard_at), now
        heard = {name: getattr(write, name) for name in ("status", "id", "attempts", "replayed", "met")}
        self._append({"acknowledged": write.number, **heard})

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)

    def _append(self, line: Json) -> None:
        os.write(self._descriptor, json.dumps(line, ensure_ascii=False).encode() + b"\n")


@contextmanager
def kept(path: Path) -> Iterator[Journal]:
    """Keep a journal for the block."""
    journal = Journal(path)
    try:
        yield journal
    finally:
        journal.close()


@dataclass(frozen=True)
class Memory:
    """A journal as it reads afterwards."""

    writes: list[Write] = field(default_factory=list)

    def done(self, kind: str) -> list[Write]:
        """Return the acknowledged writes of a kind."""
        return [each for each in self.writes if each.kind == kind and each.acknowledged]

    def ids(self, kind: str) -> list[str]:
        """Return the ids acknowledged for a kind, as often as they were."""
        return [str(each.id) for each in self.done(kind)]

    def open(self, kind: str) -> int:
        """Return how many writes of a kind nobody has acknowledged yet."""
        return sum(each.kind == kind and not each.acknowledged for each in self.writes)

    def counts(self) -> Counter[str]:
        """Return how many writes were acknowledged, were sent more than once, and were told again."""
        return Counter(
            acknowledged=sum(each.acknowledged for each in self.writes),
            retried=sum(each.attempts > 1 for each in self.writes),
            replayed=sum(each.replayed for each in self.writes),
            met=sum(each.met for each in self.writes),
        )


def read(path: Path) -> Memory:
    """Read a journal; its last line may still be on its way."""
    found: dict[int, Write] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        said = json.loads(line)
        if "intent" in said:
            number = said.pop("intent")
            found[number] = Write(number, **said)
        else:
            write = found[said.pop("acknowledged")]
            for name, value in said.items():
                setattr(write, name, value)
    return Memory(list(found.values()))
