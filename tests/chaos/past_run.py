"""What came out of a run that may have been killed."""

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class PastRun:
    """A run, from `began` to `ended` in monotonic seconds, and its output up to the last complete line.

    Attributes:
        exit_code: Negative: killed by that signal.
        struck: Whether there were faults, so that it may end with 1 and a line that says why.
        said: What it logged.
        is_limited: Whether `max_calls` was set.
    """

    began: float
    ended: float
    killed: bool
    exit_code: int
    messages: list[dict[str, Any]]
    struck: bool = False
    said: str = ""
    is_limited: bool = False

    @property
    def state(self) -> dict[str, Any] | None:
        return next((message["value"] for message in reversed(self.messages) if message["type"] == "STATE"), None)

    @property
    def committed(self) -> list[dict[str, Any]]:
        """What a target has stored for sure: all of a run that was complete, else what came before the last STATE."""
        length = len(self.messages)
        if self.exit_code == 0:
            return self.messages
        while length and self.messages[length - 1]["type"] != "STATE":
            length -= 1
        return self.messages[:length]


def complete_lines(output: bytes) -> list[dict[str, Any]]:
    """Return the messages of an output that may end in the middle of a line."""
    return [json.loads(line) for line in output[: output.rfind(b"\n") + 1].splitlines()]
