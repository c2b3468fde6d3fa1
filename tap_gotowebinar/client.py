"""What all streams have in common: calling, tolerating, cleaning rows, and the seam to the SDK's state."""

from __future__ import annotations

import abc
import functools
import importlib.resources
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar

from singer_sdk import SchemaDirectory, Stream, StreamSchema
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.mapper import SameRecordTransform
from singer_sdk.metrics import Counter, Metric, Point, Timer
from singer_sdk.metrics import log as log_metric
from singer_sdk.singerlib.catalog import REPLICATION_FULL_TABLE
from singer_sdk.streams._state import StreamStateManager  # a public class in an underscore module
from typing_extensions import override

from tap_gotowebinar import envelopes
from tap_gotowebinar.connection import REFUSALS
from tap_gotowebinar.envelopes import MAX_PAGE_SIZE, Listing
from tap_gotowebinar.errors import BrokenAnswerError, GaveUpError, NotFoundError, RefusedError, UnexpectedAnswerError
from tap_gotowebinar.plan import Reason
from tap_gotowebinar.records import RecordReader

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterable, Mapping

    from singer_sdk.helpers.types import Context, Record
    from singer_sdk.singerlib import Catalog

    from tap_gotowebinar.bookmarks import Bookmark, Moment, StreamBookmarks
    from tap_gotowebinar.envelopes import Page
    from tap_gotowebinar.plan import DueRule, PlannedWebinar
    from tap_gotowebinar.readahead import Foreseen, Foresight
    from tap_gotowebinar.report import Tally
    from tap_gotowebinar.tap import TapGoToWebinar

T = TypeVar("T")

API: Final = "/G2W/rest/v2"
"""Where the product's endpoints begin."""

SCHEMAS: Final = SchemaDirectory(importlib.resources.files("tap_gotowebinar.schemas"))

MAX_GIVEN_UP: Final = 3
"""Calls given up one after the other, after which the API is down rather than one answer broken."""


class GoToWebinarStream(Stream):
    """A stream of GoToWebinar.

    Attributes:
        path: Endpoint below the API's origin, with `{names}` of context keys.
        answer_keys: Primary keys that a row of the answer must hold; the others come from the parent.
    """

    schema = StreamSchema(SCHEMAS)
    # RecordReader does it in one pass over the row, together with everything else.
    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE

    path: ClassVar[str]
    answer_keys: ClassVar[tuple[str, ...]] = ()

    def __init__(self, tap: TapGoToWebinar) -> None:
        """Belong to a tap; discovery comes this far without settings."""
        super().__init__(tap)
        self.tap = tap
        self._own_keys, self._own_replication_key = self.primary_keys, self.replication_key
        self.logger.addFilter(_says_something)

    @property
    def tally(self) -> Tally:
        """This stream's counts of this run."""
        return self.tap.report.tally(self.name)

    @functools.cached_property
    def reader(self) -> RecordReader:
        """Makes records of rows."""
        return RecordReader(
            self.schema, self.answer_keys, self.tally, lambda names: self.tap.report.note_unknown(self.name, names)
        )

    def call(
        self,
        path: str,
        read: Callable[[object], T],
        *,
        params: Mapping[str, str | int] | None = None,
        refusals: frozenset[int] = REFUSALS,
        decode: Callable[[bytes], Any] | None = None,
    ) -> T:
        """Make one call on account of this stream; see `Connection.get` for what may be raised."""
        return self.tap.connection.get(path, read, self.tally, params=params, refusals=refusals, decode=decode)

    def interruptibly(self, call: Callable[[], T]) -> T:
        """Make a call on the main thread, where a signal may end it."""
        self.tap.message_writer.flush()
        with self.tap.stop_signals.waiting():
            return call()

    def pages(self, path: str, read: Callable[[object], Page], key: str, *, size: str, **params: str) -> Listing:
        """Return the rows of all pages.

        Pages are numbered, not pointed at: a list that grows while it is read repeats or skips rows. So the number of
        different rows is compared with what the last page says, and the listing is read once more if they differ.

        Args:
            path: Endpoint.
            read: Reader of one page.
            key: Field that tells rows apart.
            size: Name of the parameter for the page's size: `size` on HAL lists, `limit` on flat ones.
            params: Further parameters.
        """
        for _ in range(2):
            rows, total = self._pages_once(path, read, key, {size: MAX_PAGE_SIZE, **params})
            if total is None or len(rows) == total:
                return Listing(rows, is_complete=True)
        self.tap.report.warn(f"{path} says it holds {total} rows and gave {len(rows)} different ones, read twice")
        return Listing(rows, is_complete=False)

    def _pages_once(
        self, path: str, read: Callable[[object], Page], key: str, params: Mapping[str, str | int]
    ) -> tuple[list[Any], int | None]:
        rows: dict[str, Any] = {}
        number = 0
        while True:
            page = self.call(path, read, params={**params, "page": number})
            before = len(rows)
            rows |= {str(row.get(key) if isinstance(row, dict) else row): row for row in page.rows}
            if page.is_last or len(rows) == before:
                return list(rows.values()), page.total
            number += 1

    def log_sync_costs(self) -> None:
        """Log this stream's records as the SDK's metric, once; the SDK calls this when all streams are done."""
        log_metric(
            self.metrics_logger, Point("counter", Metric.RECORD_COUNT, self.tally.records, {"stream": self.name})
        )
        self.tap.message_writer.flush()

    @override
    def get_record_counter(self, *, endpoint: str | None = None, log_interval: float = 0) -> Counter:
        return _SilentCounter(Metric.RECORD_COUNT, {"stream": self.name})

    @override
    def get_sync_timer(self) -> Timer:
        return _SilentTimer(Metric.SYNC_DURATION, {"stream": self.name})

    @override
    def get_batch_config(self, config: Mapping[str, Any]) -> None:
        """Never BATCH: that mode passes over selection and stream maps."""
        return

    @functools.cached_property
    def state_manager(self) -> StreamStateManager:
        """The SDK's view of the state, which is ours; made late, because the state is loaded after the streams."""
        return RosterStateManager(self)

    def read_single(self, asked: Mapping[str, str], body: object) -> dict[str, Any]:
        """Return the record of an answer that is one object.

        Args:
            asked: Keys of what was asked for.
            body: The answer.

        Raises:
            BrokenAnswerError: the answer is about something else.
        """
        record = self.reader.read(envelopes.single(body))
        if any(record[key] != asked[key] for key in self.answer_keys):
            msg = "the answer is about another key than the one asked for"
            raise BrokenAnswerError(msg)
        # What the answer leaves open, the webinar's context tells.
        return {name: value for name, value in record.items() if value is not None or name not in asked}

    @override
    def _write_record_message(self, record: dict[str, Any]) -> None:
        """Write a record without the SDK's steps where none of them would change it: half the time of a large run."""
        if self._needs_mapping:
            super()._write_record_message(_projected(record, self.effective_schema))
        else:
            self.tap.message_writer.write_record(self.name, record)
            self.state_manager.is_flushed = False

    @override
    def apply_catalog(self, catalog: Catalog) -> None:
        """Take selection and schema from a catalog; what identifies a row and makes it new is not the catalog's to say.

        The one method that can be asked for is FULL_TABLE: then everything is emitted each time.
        """
        super().apply_catalog(catalog)
        self.primary_keys, self.replication_key = self._own_keys, self._own_replication_key
        if self.forced_replication_method != REPLICATION_FULL_TABLE:
            self.forced_replication_method = None

    @functools.cached_property
    def _needs_mapping(self) -> bool:
        """Whether a field is deselected, a stream map or flattening is in force, or the catalog's schema differs."""
        return (
            [type(stream_map) for stream_map in self.stream_maps] != [SameRecordTransform]
            or self.stream_maps[0].flattening_enabled
            or self.stream_maps[0].stream_alias != self.name
            or not all(self.mask.values())
            or self.effective_schema != self.schema
        )

    def written(self) -> None:
        """Learn that the record given out last has been written: the moment for a STATE, or for stopping."""
        self.tap.state_writer.write_state({})
        self.tap.stop_signals.check()


class ChildStream(GoToWebinarStream):
    """A stream of what belongs to one webinar. One webinar that cannot be read does not end the run.

    Attributes:
        bookmark_kind: How this stream remembers what it has emitted of a webinar.
    """

    bookmark_kind: ClassVar[type[Bookmark]]

    @functools.cached_property
    def bookmarks(self) -> StreamBookmarks[Any]:
        """What this stream has emitted, by webinar."""
        return self.tap.bookmarks.of(self.name, self.bookmark_kind)

    @override
    def generate_child_contexts(self, record: Record, context: Context | None) -> Iterable[Context | None]:
        """No children: the SDK's own way to that result takes as long as writing the record."""
        return ()

    def webinar_of(self, context: Context | None) -> PlannedWebinar:
        """Return the webinar of a child context."""
        return self.tap.plan[(context or {})["webinarKey"]]

    def is_settled(self, webinar: PlannedWebinar) -> bool:
        """Whether a webinar is over and quiet, after what has been read of it by now."""
        return webinar.moment.is_settled(self.tap.newest_of(webinar.key))

    def reason(self, rule: DueRule, moment: Moment, newest: str | None, webinar_key: str) -> Reason | None:
        """Return why this stream has to read a webinar, None when it need not."""
        bookmark = self.bookmarks.of(webinar_key)
        return rule.reason(moment, newest, bookmark.read_at) if bookmark.is_known else Reason.NEW

    @abc.abstractmethod
    def foresee(self, context: Context) -> Foresight:
        """Yield the calls that `get_records` is going to ask for, so that they can be made ahead of it."""

    def tolerant_result(self, call: Foreseen, webinar_key: str) -> Any | None:  # noqa: ANN401
        """Return what a call brings; None when the thing is refused, gone, given up or past `max_calls`.

        Raises:
            GaveUpError, UnexpectedAnswerError: too many calls in a row were given up.
        """
        if not self.tap.read_ahead.has(call) and not self.tap.may_call(0):
            self.tap.cut_short.add(webinar_key)
            return None
        try:
            result = self.tap.read_ahead.result(call)
        except RefusedError:
            self.tally.refused.append(call.key)
        except NotFoundError:
            self.tally.gone.append(call.key)
        except (GaveUpError, UnexpectedAnswerError) as error:
            self.tally.given_up.append(call.key)
            self.tap.given_up_in_a_row += 1
            if self.tap.given_up_in_a_row >= MAX_GIVEN_UP:
                raise
            self.logger.warning("%s; going on with the rest", error)
        else:
            if result is not None:
                self.tap.given_up_in_a_row = 0
            return result
        return None


class RosterStateManager(StreamStateManager):
    """Keeps the SDK's state out of the way and tells the stream which records have been written.

    The SDK would search a list of partitions for each access and print all of it after each webinar.
    """

    def __init__(self, stream: GoToWebinarStream) -> None:
        """Serve one stream."""
        super().__init__(stream_name=stream.name, tap_state={}, tap_name=stream.tap_name)
        self._stream = stream

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
        """Called after the record was written, so that the state is never ahead of the records."""
        self._stream.written()


def _projected(value: Any, schema: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """Return what of a value the schema of the catalog declares: a user may have taken fields out."""
    if isinstance(value, dict) and "properties" in schema:
        declared = schema["properties"]
        return {name: _projected(item, declared[name]) for name, item in value.items() if name in declared}
    if isinstance(value, list) and "items" in schema:
        return [_projected(item, schema["items"]) for item in value]
    return value


def _says_something(record: logging.LogRecord) -> bool:
    """Drop what the SDK logs for each webinar: its begin, and the second line for an error that has one already."""
    text = str(record.msg)
    per_webinar = text.startswith("Beginning sync of") and "context keys" in text
    return not (per_webinar or text.startswith("An unhandled error occurred"))


class _SilentCounter(Counter):
    """Counts nothing: the report does, and its total is logged once, not for each webinar."""

    @override
    def increment(self, value: int = 1) -> None:
        pass

    @override
    def _pop(self) -> None:
        pass


class _SilentTimer(Timer):
    @override
    def __exit__(self, *args: object) -> None:
        pass
