"""Where the SDK would keep state, count and log in its own way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from singer_sdk.metrics import Counter, Timer
from singer_sdk.streams._state import StreamStateManager  # a public class in an underscore module
from typing_extensions import override

if TYPE_CHECKING:
    import logging

    from singer_sdk.helpers.types import Context


class NullStateManager(StreamStateManager):
    """Keeps the SDK's state out of the way.

    The SDK would search a list of partitions for each access and print all of it after each webinar.
    """

    @property
    def stream_state(self) -> dict[str, Any]:
        """Nothing: what the SDK puts here is not kept."""
        return {}

    @override
    def get_context_state(self, context: Context | None) -> dict[str, Any]:
        return {}

    @override
    def get_state_partitions(self) -> None:
        return

    @override
    def write_starting_replication_value(self, *args: Any, **kwargs: Any) -> None:
        pass

    @override
    def write_replication_key_signpost(self, value: Any, *, context: Context | None = None) -> None:
        pass

    @override
    def increment_state(self, latest_record: Any, *, context: Context | None = None, replication_key: str) -> None:
        pass


_NOISE: Final = ("Added '%s' as child", "Beginning sync of", "Skipping parse of env", "Skipping deselected stream")
"""How lines of the SDK begin that say what is always so, or what the plan and the summary of a run say."""


def is_relevant(record: logging.LogRecord) -> bool:
    """Drop lines of the SDK that tell a user nothing: noise, and the second line for an error that has one already."""
    return not str(record.msg).startswith((*_NOISE, "An unhandled error occurred"))


class SilentCounter(Counter):
    """Counts nothing: the report does, and its total is logged once, not for each webinar."""

    @override
    def increment(self, value: int = 1) -> None:
        pass

    @override
    def _pop(self) -> None:
        pass


class SilentTimer(Timer):
    """Logs no time of each webinar."""

    @override
    def __exit__(self, *args: object) -> None:
        pass
