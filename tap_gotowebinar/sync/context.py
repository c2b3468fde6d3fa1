"""What the streams of one run share."""

import contextlib
import datetime as dt
import functools
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tap_gotowebinar.api.client import ApiClient
from tap_gotowebinar.api.stats import StreamStats
from tap_gotowebinar.records.reader import RecordReader
from tap_gotowebinar.records.shape import SCHEMAS
from tap_gotowebinar.records.timestamps import to_iso
from tap_gotowebinar.settings.tap import Settings
from tap_gotowebinar.singer.signals import StopSignals
from tap_gotowebinar.singer.writer import MessageWriter
from tap_gotowebinar.sync.attendee_lists import AttendeeLists
from tap_gotowebinar.sync.bookmarks.registrants import RegistrantBookmark, SeenKeysBookmark
from tap_gotowebinar.sync.bookmarks.state import StateError
from tap_gotowebinar.sync.bookmarks.streams import Bookmark, Bookmarks
from tap_gotowebinar.sync.listings import WebinarListing
from tap_gotowebinar.sync.organizers import OrganizerScope
from tap_gotowebinar.sync.prefetch import Prefetcher
from tap_gotowebinar.sync.report import Report
from tap_gotowebinar.sync.schedule import DueRule, PlannedSession
from tap_gotowebinar.sync.state_writer import StateWriter
from tap_gotowebinar.sync.steps import Unit
from tap_gotowebinar.sync.stream_client import StreamClient


class SyncContext:
    """One run: its settings, its API client, its bookmarks and report, and what streams learn for each other.

    Attributes:
        registrant_counts: How many registrants GoTo counts in each webinar whose details were read.
        session_counts: What GoTo counts in each session whose performance was read, by name.
        prefetchers: The steps of the children of each parent stream.
        skipped_by_max_calls: Keys of what was left for the next run, by the name of the parent stream.
    """

    def __init__(
        self,
        config: Callable[[], Mapping[str, Any]],
        connect: Callable[[Settings], ApiClient],
        *,
        writer: MessageWriter,
        started_at: dt.datetime,
    ) -> None:
        """Take what returns the settings and what makes the client of them; discovery calls neither."""
        self._config = config
        self._connect = connect
        self.writer = writer
        self.stop_signals = StopSignals()
        self.started_at = started_at
        self.started = to_iso(started_at)
        self.report = Report()
        self.sessions: list[PlannedSession] = []
        self.attendees: AttendeeLists
        self.registrant_counts: dict[str, int | None] = {}
        self.session_counts: dict[str, Mapping[str, Any]] = {}
        self.prefetchers: dict[str, Prefetcher] = {}
        self.consecutive_failures = 0
        self.skipped_by_max_calls: defaultdict[str, set[str]] = defaultdict(set)

    @functools.cached_property
    def settings(self) -> Settings:
        """The settings in typed form."""
        return Settings.from_config(self._config())

    @functools.cached_property
    def client(self) -> ApiClient:
        """The client of all calls: one pool, one token, one rate limit."""
        return self._connect(self.settings)

    @functools.cached_property
    def due_rule(self) -> DueRule:
        """When something is read again."""
        return DueRule(self.settings.recheck_factor)

    def load_state(self, kinds: Mapping[str, type[Bookmark]], state: object) -> None:
        """Take the state of an earlier run, before anything else; `kinds` and errors as for `Bookmarks`."""
        self.bookmarks = Bookmarks(kinds, state)
        try:
            self.state_writer = StateWriter(self.writer, self.bookmarks)
        except UnicodeEncodeError:
            raise StateError(where="all of it", what="has half a character (a lone surrogate)") from None

    @functools.cached_property
    def organizers(self) -> OrganizerScope:
        """Whose data this run reads."""
        return OrganizerScope(self.settings, self.stream_client("organizers"))

    @functools.cached_property
    def webinars(self) -> WebinarListing:
        """All webinars, listed once per run."""
        client = self.stream_client("webinars", ("webinarKey",))
        bookmarks = self.bookmarks.get("webinar_removals")
        return WebinarListing(self.organizers, self.report, client, self.started_at, bookmarks)

    def plan_sessions(self, sessions: list[PlannedSession]) -> None:
        """Take the listed sessions before any of them is read: bookmarks still show which organizers are new."""
        self.sessions = sessions
        bookmarks = self.bookmarks.get("attendees")
        self.attendees = AttendeeLists(
            self.stream_client("attendees", ("registrantKey",)),
            sessions,
            is_read=lambda session: bookmarks.get(session.organizer_key).is_due(session, self.due_rule),
            is_first_run=lambda organizer_key: bookmarks.get(organizer_key).newest is None,
        )

    def stream_client(
        self,
        stream: str,
        keys: tuple[str, ...] = (),
        *,
        text_keys: frozenset[str] = frozenset(),
        excluded: frozenset[str] = frozenset(),
        stats: StreamStats | None = None,
    ) -> StreamClient:
        """Return what makes calls on account of a stream, counted in `stats` or in its own; see `RecordReader`."""
        own_stats = self.report.stats(stream)
        reader = RecordReader(SCHEMAS.fetch_schema(stream), keys, own_stats, text_keys=text_keys, excluded=excluded)
        return StreamClient(self.client, reader, stats or own_stats, self.waiting)

    def known_registrant_count(self, webinar_key: str) -> int:
        """Return how many registrants of a webinar earlier runs listed."""
        known = self.bookmarks.all_of_kind(RegistrantBookmark, SeenKeysBookmark)
        return max((bookmarks.get(webinar_key).registrant_count for bookmarks in known), default=0)

    def latest_registration(self, webinar_key: str) -> str | None:
        """Return the latest registration of a webinar that any stream has emitted."""
        known = self.bookmarks.all_of_kind(RegistrantBookmark)
        return max((bookmarks.get(webinar_key).newest or "" for bookmarks in known), default="") or None

    def start_prefetching(self, parent: str, units: Iterator[Unit[Any]], *, is_test: bool) -> None:
        """Start to make the calls for the children of a stream ahead of the output; in a test none is made ahead."""
        self.prefetchers[parent] = Prefetcher(
            units,
            0 if is_test else self.settings.connection.max_concurrency,
            within_call_limit=None if self.settings.max_calls is None else self._within_max_calls,
            waiting=self.waiting,
        )

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        """Let a signal interrupt a wait of the main thread, before which the output is flushed: its reader has work."""
        # The same signal often ends the reader of the output.
        self.stop_signals.check()
        self.writer.flush()
        with self.stop_signals.waiting():
            yield

    def checkpoint(self) -> None:
        """Print a STATE or stop, where either is due; all records so far are written and remembered."""
        self.state_writer.write_state({})
        self.report.log_progress()
        self.stop_signals.check()

    def finish(self) -> None:
        """Make no more calls, print the last STATE and flush the output."""
        for prefetcher in self.prefetchers.values():
            prefetcher.close()
        self.state_writer.write_final()
        self.writer.flush()
        self.client.close()

    def _within_max_calls(self, on_their_way: int) -> bool:
        limit = self.settings.max_calls
        return limit is None or self.report.calls + on_their_way < limit
