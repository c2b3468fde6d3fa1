"""How a stream reads a webinar or a session, said once: in steps, each a call and what becomes of its answer."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from tap_gotowebinar.api.errors import CallError

T = TypeVar("T")

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Fetched:
    """A call brought something.

    Attributes:
        value: What the call returned; None for a step without a call.
    """

    value: Any = None


@dataclass(frozen=True, slots=True)
class Gone:
    """There is nothing to be had any more.

    Attributes:
        is_final: Whether GoTo said so in its own words, so that it can be remembered.
    """

    is_final: bool = True


@dataclass(frozen=True, slots=True)
class Skipped:
    """A call brought nothing, or was not made; what it was for stays due.

    Attributes:
        error: Why; None when `max_calls` did not allow the call.
    """

    error: CallError | None = None


Outcome = Fetched | Gone | Skipped


@dataclass(frozen=True)
class Batch:
    """Records that come out together.

    Attributes:
        records: As they come out.
        remember: Told which of them have been written, some or all at a time; None: they count together, and what
            makes the batch remembers them when it is asked for the next one.
    """

    records: Sequence[Record]
    remember: Callable[[Sequence[Record]], None] | None = None


@dataclass(frozen=True)
class Step:
    """A call, and what becomes of its answer.

    Attributes:
        path: What is asked for; it names the step in the log.
        call: Makes the call, in any thread; None when nothing has to be asked for.
        emit: Makes batches of the outcome, on the main thread, when all steps before this one are done.
        is_awaited: Whether the outcome decides what follows. Then it is sent back into the generator.
    """

    path: str
    call: Callable[[], Any] | None = None
    emit: Callable[[Outcome], Iterable[Batch]] | None = None
    is_awaited: bool = False


Steps = Generator[Step, Outcome, None]
"""The steps of one stream for one unit, in the order in which they are taken."""


@dataclass
class Unit(Generic[T]):
    """A webinar or a session that is read, and what its streams share while it is.

    Attributes:
        key: The webinarKey or sessionKey.
        item: What is read.
        streams: The steps of each stream that reads it, by the stream's name, in the order in which they are taken.
        shared: Outcomes that several streams need, by path.
    """

    key: str
    item: T
    streams: dict[str, Steps] = field(default_factory=dict)
    shared: dict[str, Outcome] = field(default_factory=dict)

    def ask_once(self, step: Step) -> Generator[Step, Outcome, Outcome]:
        """Return the outcome of a step that several streams take; the first of them takes it for all."""
        if step.path not in self.shared:
            self.shared[step.path] = yield step
        return self.shared[step.path]
