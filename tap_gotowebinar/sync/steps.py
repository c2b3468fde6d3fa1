"""How a stream reads a webinar or a session: in steps, each a call and what is emitted of its answer."""

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from singer_sdk.helpers.types import Record

from tap_gotowebinar.api.errors import CallError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Fetched:
    """A call returned `value`; None for a step without a call."""

    value: Any = None


@dataclass(frozen=True, slots=True)
class Gone:
    """What was asked for no longer exists; `is_final` if GoTo itself says so, so that it can be remembered."""

    is_final: bool = True


@dataclass(frozen=True, slots=True)
class Skipped:
    """A call failed with `error`, or was not made because of `max_calls` (None); its subject stays due."""

    error: CallError | None = None


Outcome = Fetched | Gone | Skipped


@dataclass(frozen=True)
class Batch:
    """Records that are emitted together.

    Attributes:
        records: As they are emitted.
        remember: Called with the records that have been written, some or all at a time; None: the batch is remembered
            as a whole by its maker when the next one is asked for.
    """

    records: Sequence[Record]
    remember: Callable[[Sequence[Record]], None] | None = None


@dataclass(frozen=True)
class Step:
    """A call, and what is emitted of its answer.

    Attributes:
        path: What is asked for; it names the step in the log.
        call: Makes the call, in any thread; None: no call is needed.
        emit: Makes batches of the outcome, on the main thread, after all steps before this one.
        is_awaited: Whether the outcome is sent back into the generator, because the next steps depend on it.
    """

    path: str
    call: Callable[[], Any] | None = None
    emit: Callable[[Outcome], Iterable[Batch]] | None = None
    is_awaited: bool = False


Steps = Generator[Step, Outcome, None]
"""The steps of one stream for one unit, in order."""


@dataclass
class Unit(Generic[T]):
    """A webinar or a session, `item`, that is read, and what its streams share while it is.

    Attributes:
        streams: The steps of each stream that reads it, by the stream's name, in order.
        shared: Outcomes that several streams need, by path.
    """

    key: str
    item: T
    streams: dict[str, Steps] = field(default_factory=dict)
    shared: dict[str, Outcome] = field(default_factory=dict)

    def ask_once(self, step: Step) -> Generator[Step, Outcome, Outcome]:
        """Return the outcome of a step that several streams take; only the first of them makes its call."""
        if step.path not in self.shared:
            self.shared[step.path] = yield step
        return self.shared[step.path]
