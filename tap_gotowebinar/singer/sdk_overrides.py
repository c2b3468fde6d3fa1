"""Every private name of the SDK that is used, and replacements for its state, counters and timers, which do nothing."""

import logging
from typing import Any, Final

from singer_sdk.helpers._state import StateWriter
from singer_sdk.helpers.types import Context
from singer_sdk.metrics import Counter, Timer
from singer_sdk.plugin_base import _ConfigInput as ConfigInput
from singer_sdk.streams._state import StreamStateManager
from typing_extensions import override

__all__ = ["ConfigInput", "StateWriter", "StreamStateManager"]


class NullStateManager(StreamStateManager):
    """Stores nothing.

    The SDK's own searches a list of partitions at each access, and prints all of it after each webinar.
    """

    @override
    def get_context_state(self, context: Context | None) -> dict[str, Any]:
        return {}

    @override
    def write_starting_replication_value(self, *args: Any, **kwargs: Any) -> None:
        pass

    @override
    def increment_state(self, latest_record: Any, *, context: Context | None = None, replication_key: str) -> None:
        pass


_NOISE: Final = ("Added '%s' as child", "Beginning sync of", "Skipping parse of env", "Skipping deselected stream")
"""Prefixes of log lines of the SDK that are always true, or repeat the plan and the summary of a run."""


def is_relevant(record: logging.LogRecord) -> bool:
    """Return False for log lines of the SDK without use: noise, and the second line for an error."""
    return not str(record.msg).startswith((*_NOISE, "An unhandled error occurred"))


class SilentCounter(Counter):
    """Logs no count, which the SDK does for each webinar: the report's total is logged once."""

    @override
    def _pop(self) -> None:
        pass


class SilentTimer(Timer):
    """Logs no duration, which the SDK does for each webinar."""

    @override
    def __exit__(self, *args: object) -> None:
        pass
