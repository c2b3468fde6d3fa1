"""The output of a run, reduced to what can be compared."""

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import msgspec

KEYS = ("webinarKey", "registrantKey")


@dataclass
class Output:
    """The output of a run.

    Attributes:
        keys: Stream and primary key of every record.
        order: Digest of all records in the order in which they came, values included.
        records: How many records there were, by stream.
        state: The last STATE; None when there was none.
        states: How many STATE messages there were.
        state_bytes: Bytes of all STATE messages together.
        size: Bytes in all.
    """

    keys: set[tuple[str, ...]] = field(default_factory=set)
    order: str = ""
    records: Counter[str] = field(default_factory=Counter)
    state: dict[str, Any] | None = None
    states: int = 0
    state_bytes: int = 0
    size: int = 0

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read the output of a run."""
        output, order = cls(), hashlib.blake2b()
        with path.open("rb") as lines:
            for line in lines:
                message = msgspec.json.decode(line)
                output.size += len(line)
                if message["type"] == "RECORD":
                    stream, record = message["stream"], message["record"]
                    output.records[stream] += 1
                    output.keys.add((stream, *(str(record.get(key)) for key in KEYS)))
                    order.update(msgspec.json.encode([stream, record]))
                elif message["type"] == "STATE":
                    output.state = message["value"]
                    output.states += 1
                    output.state_bytes += len(line)
        output.order = order.hexdigest()
        return output
