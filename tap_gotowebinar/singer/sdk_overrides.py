"""Where the SDK would keep state, count and log in its own way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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


def is_relevant(record: logging.LogRecord) -> bool:
    """Drop what the SDK logs for each webinar: its begin, and the second line for an error that has one already."""
    text = str(record.msg)
    per_webinar = text.startswith("Beginning sync of") and "context keys" in text
    return not (per_webinar or text.startswith("An unhandled error occurred"))


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
