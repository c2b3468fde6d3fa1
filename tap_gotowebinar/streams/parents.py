"""What the streams that others hang below have in common."""

from __future__ import annotations

import abc
import datetime as dt
import functools
from typing import TYPE_CHECKING, ClassVar, Final

from singer_sdk.mapper import RemoveRecordTransform
from typing_extensions import override

from tap_gotowebinar.api.errors import ForbiddenError
from tap_gotowebinar.streams.base import GoToWebinarStream
from tap_gotowebinar.streams.children import ChildStream
from tap_gotowebinar.sync.prefetch import chained

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from singer_sdk.helpers.types import Context, Record
    from singer_sdk.mapper import StreamMap

    from tap_gotowebinar.api.responses import Listing, Page
    from tap_gotowebinar.sync.prefetch import RequestPlan


WINDOW_MARGIN: Final = dt.timedelta(days=1)
"""Asked for on both sides: GoTo does not say whether its filters test the start, the end or the overlap."""


class ParentStream(GoToWebinarStream):
    """A stream whose records have children.

    Attributes:
        noun: What its records are called when they are counted.
    """

    noun: ClassVar[str]

    @property
    def stream_maps(self) -> list[StreamMap]:
        """The maps of this stream; in the SDK, one that removes the parents would take their children along."""
        first, *others = super().stream_maps
        if isinstance(first, RemoveRecordTransform):
            first = _RemovedParent(first.stream_alias, first.raw_schema, first.raw_key_properties, None)
        return [first, *others]

    def is_wanted(self, record: Record) -> bool:
        """Whether the stream's map leaves a record in, and with it its children."""
        return bool(self.stream_maps[0].get_filter_result(self.with_nulls(record)))

    def with_nulls(self, record: Record) -> Record:
        """Return a record with null for what GoTo did not send: the filter of a map may ask for it."""
        return {**dict.fromkeys(self.schema["properties"]), **record}

    def list_or_none(self, path: str, read: Callable[[object], Page], *keys: str, **params: str) -> Listing | None:
        """Return all pages of a HAL list; None when GoTo refuses it."""
        try:
            return self.interruptibly(functools.partial(self.pages, path, read, *keys, size="size", **params))
        except ForbiddenError as error:
            self.tally.refused.append(path)
            self.logger.warning("%s: the key may be wrong, or the user may not see it", error)
            return None

    @abc.abstractmethod
    def contexts(self) -> Iterator[Context]:
        """Yield the keys of each record that is due, in the order in which they are read."""

    def foresights(self) -> Iterator[RequestPlan]:
        """Yield, for each record that is due, the calls its streams are going to make."""
        readers = self.readers
        for context in self.contexts():
            yield chained([child.foresee(context) for child in readers])

    @property
    def readers(self) -> list[ChildStream]:
        """The selected children, in the order in which they are read."""
        return [child for child in self.child_streams if isinstance(child, ChildStream) and child.selected]


def format_api_time(moment: dt.datetime) -> str:
    """Return a moment as GoTo wants it in a query."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class _RemovedParent(RemoveRecordTransform):
    @override
    def get_filter_result(self, record: Record) -> bool:
        return True
