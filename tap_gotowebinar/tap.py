"""The tap: settings, capabilities, the one connection all streams share, and how a run begins and ends."""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
from collections import defaultdict
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from singer_sdk import typing as th
from singer_sdk.helpers.capabilities import PluginCapabilities, TapCapabilities
from typing_extensions import override

from tap_gotowebinar.api.errors import GoToWebinarError, OutputError
from tap_gotowebinar.api.rate_limiter import WINDOW
from tap_gotowebinar.records.moments import WebinarTiming
from tap_gotowebinar.records.reader import canonical_time
from tap_gotowebinar.settings.connection import CONNECTION_SETTINGS
from tap_gotowebinar.settings.tap import PROGRAM, TAP_SETTINGS, Settings
from tap_gotowebinar.singer.signals import StopRequested
from tap_gotowebinar.singer.tap_cli import CommandLineTap
from tap_gotowebinar.singer.writer import MessageWriter, StateWriter
from tap_gotowebinar.streams import (
    STREAMS,
    Attendees,
    RegistrantRemovals,
    RegistrantStream,
    SessionPerformance,
    Sessions,
    SmallWebinarStream,
    WebinarDetails,
    WebinarRemovals,
    Webinars,
)
from tap_gotowebinar.streams.children import ChildStream, WebinarChild
from tap_gotowebinar.streams.parents import ParentStream
from tap_gotowebinar.streams.session_children import SessionChild
from tap_gotowebinar.sync.bookmarks import Bookmarks
from tap_gotowebinar.sync.organizers import OrganizerScope
from tap_gotowebinar.sync.prefetch import Prefetcher
from tap_gotowebinar.sync.registrant_bookmarks import RegistrantBookmark
from tap_gotowebinar.sync.registrant_lists import RegistrantLists
from tap_gotowebinar.sync.report import Report
from tap_gotowebinar.sync.schedule import DueReason, DueRule, PlannedWebinar, SyncSchedule, last_end, most_urgent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from singer_sdk import Stream

    from tap_gotowebinar.api.client import ApiClient
    from tap_gotowebinar.streams.base import GoToWebinarStream

S = TypeVar("S", bound="GoToWebinarStream")


class TapGoToWebinar(CommandLineTap):
    """Singer tap for GoToWebinar."""

    name = PROGRAM
    config_jsonschema: ClassVar[dict[str, Any]] = th.PropertiesList(*CONNECTION_SETTINGS, *TAP_SETTINGS).to_dict()
    capabilities: ClassVar[list[Any]] = [
        TapCapabilities.CATALOG,
        TapCapabilities.STATE,
        TapCapabilities.DISCOVER,
        PluginCapabilities.ABOUT,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.FLATTENING,
        PluginCapabilities.STRUCTURED_LOGGING,
    ]
    message_writer: MessageWriter

    rate_window: ClassVar[float] = WINDOW
    """Seconds in which `requests_per_minute` calls may be made; a benchmark may scale it."""

    @staticmethod
    def now() -> dt.datetime:
        """Return the time, in UTC; asked once per run."""
        return dt.datetime.now(dt.UTC)

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - the SDK's
        """Take settings, catalog and state; nothing is sent before the first stream is read."""
        self.report = Report()
        self.bookmarks = Bookmarks()
        self.given_up_in_a_row = 0
        self.cut_short: defaultdict[str, set[str]] = defaultdict(set)
        self._read_aheads: dict[str, Prefetcher] = {}
        self.started_at = self.now()
        self.started = canonical_time(self.started_at.isoformat()) or ""
        kwargs.setdefault("message_writer", MessageWriter())
        super().__init__(*args, **kwargs)
        self.message_writer.on_record = self._count_record

    @override
    def discover_streams(self) -> Sequence[GoToWebinarStream]:
        """Return a stream of each class."""
        return [stream_class(self) for stream_class in STREAMS]

    @functools.cached_property
    def streams(self) -> dict[str, Stream]:
        """The streams in the order of their declaration, which is that of reading."""
        found = super().streams.values()
        return {stream.name: stream for stream in sorted(found, key=lambda stream: STREAMS.index(type(stream)))}

    @functools.cached_property
    def webinars(self) -> Webinars:
        """The stream that lists the webinars."""
        return self._the(Webinars)

    @functools.cached_property
    def webinar_removals(self) -> WebinarRemovals:
        """The stream that knows which webinars are missing."""
        return self._the(WebinarRemovals)

    @functools.cached_property
    def details(self) -> WebinarDetails:
        """The stream that knows how many registrants GoTo counts."""
        return self._the(WebinarDetails)

    @functools.cached_property
    def removals(self) -> RegistrantRemovals:
        """The stream that knows who is missing."""
        return self._the(RegistrantRemovals)

    @functools.cached_property
    def sessions(self) -> Sessions:
        """The stream that lists the sessions."""
        return self._the(Sessions)

    @functools.cached_property
    def performance(self) -> SessionPerformance:
        """The stream that counts what there is in a session."""
        return self._the(SessionPerformance)

    @functools.cached_property
    def attendees(self) -> Attendees:
        """The stream that knows who came to a session."""
        return self._the(Attendees)

    def _the(self, stream_class: type[S]) -> S:
        return next(stream for stream in self.streams.values() if isinstance(stream, stream_class))

    def parent_of(self, child: ChildStream) -> ParentStream:
        """Return the stream that lists what a child reads something of."""
        return next(stream for stream in self.parents if isinstance(stream, child.parent_stream_type or ParentStream))

    @functools.cached_property
    def parents(self) -> list[ParentStream]:
        """The streams that others hang below."""
        return [stream for stream in self.streams.values() if isinstance(stream, ParentStream)]

    @functools.cached_property
    def due_rule(self) -> DueRule:
        """When something is read again."""
        return DueRule(self.settings.recheck_factor)

    @functools.cached_property
    def settings(self) -> Settings:
        """The settings in typed form."""
        return Settings.of(self.config)

    @functools.cached_property
    def connection(self) -> ApiClient:
        """What all streams call through: one pool, one token, one budget."""
        return self.settings.connection.connect(window=self.rate_window)

    @functools.cached_property
    def plan(self) -> SyncSchedule:
        """What this run reads; made when all webinars are listed."""
        readers = [child for child in self.children if child.selected]
        plan = SyncSchedule([self._planned(record, readers) for record in self.webinars.listing])
        if readers:
            first_paths = {child.name: child.first_path for child in readers}
            calls = sum(len({first_paths[name] for name in webinar.readers}) for webinar in plan.webinars)
            self.report.planned(plan, calls, self.settings.connection.requests_per_minute)
            self._check_max_calls(plan)
        return plan

    def _planned(self, record: dict[str, Any], readers: list[WebinarChild]) -> PlannedWebinar:
        key, moment = record["webinarKey"], WebinarTiming(self.started_at, last_end(record), self.settings.settle)
        newest = self.newest_of(key)
        reasons: dict[str, DueReason] = {}
        if self.webinars.has_children(record):
            found = {child: child.reason(self.due_rule, moment, newest, key) for child in readers}
            reasons = {child.name: reason for child, reason in found.items() if reason}
            together = [child.name for child in readers if not child.is_due_alone]
            if shared := most_urgent(reasons[name] for name in together if name in reasons):
                reasons |= dict.fromkeys(together, shared)
        settled = moment.is_settled(newest)
        return PlannedWebinar(record, moment, most_urgent(reasons.values()), settled, frozenset(reasons))

    def _check_max_calls(self, plan: SyncSchedule) -> None:
        """Say so when the webinars that every run begins with use up all calls: the others would wait for ever."""
        limit = self.settings.max_calls
        if limit is not None and limit <= self.report.calls + plan.alive:
            self.report.warn(
                f"max_calls ({limit}) is too low: the {plan.alive} webinars that are alive take a call or more each "
                "in every run; raise it, or some are never read"
            )

    @functools.cached_property
    def children(self) -> list[WebinarChild]:
        """The streams of what belongs to a webinar."""
        return [stream for stream in self.streams.values() if isinstance(stream, WebinarChild)]

    @functools.cached_property
    def _rosters(self) -> list[WebinarChild]:
        return [child for child in self.children if child.bookmark_kind is RegistrantBookmark]

    @functools.cached_property
    def _registrant_streams(self) -> list[WebinarChild]:
        return [child for child in self.children if isinstance(child, RegistrantStream)]

    def newest_of(self, webinar_key: str) -> str | None:
        """Return the latest registration of a webinar that any stream has seen."""
        return max((child.bookmarks.of(webinar_key).newest or "" for child in self._rosters), default="") or None

    def people_of(self, webinar_key: str) -> int:
        """Return how many registrants of a webinar are known."""
        return max((child.bookmarks.of(webinar_key).people for child in self._registrant_streams), default=0)

    def may_call(self, on_their_way: int) -> bool:
        """Whether `max_calls` allows another call for what belongs to a webinar.

        Args:
            on_their_way: Calls that may not have been counted yet.
        """
        return self.settings.max_calls is None or self.report.calls + on_their_way < self.settings.max_calls

    def read_ahead_of(self, parent: ParentStream) -> Prefetcher:
        """Return the calls of the next records of a parent, in flight while the present one is emitted."""
        if parent.name not in self._read_aheads:
            for child in parent.readers:
                # Before the first worker asks for them.
                _ = child.tally, child.reader
            self._read_aheads[parent.name] = Prefetcher(
                parent.foresights(),
                # A test run reads one record of each stream and nothing ahead of it.
                0 if parent.ABORT_AT_RECORD_COUNT is not None else self.settings.connection.max_concurrency,
                may_send=None if self.settings.max_calls is None else self.may_call,
                before_waiting=self.message_writer.flush,
                stop_signals=self.stop_signals,
            )
        return self._read_aheads[parent.name]

    @functools.cached_property
    def scope(self) -> OrganizerScope:
        """Whose data this run reads."""
        return OrganizerScope(self.settings, self.streams["organizers"])  # type: ignore[arg-type]

    @functools.cached_property
    def registrant_lists(self) -> RegistrantLists:
        """The registrant list that the streams of a webinar share."""
        return RegistrantLists(self.streams["registrants"].reader)  # type: ignore[attr-defined]

    @functools.cached_property
    def state_writer(self) -> StateWriter:
        """What streams print STATE through."""
        return StateWriter(self.message_writer, self.bookmarks)

    @override
    def load_state(self, state: dict[str, Any]) -> None:
        """Take the state of an earlier run; the SDK's own copy stays empty, so that nothing prints it unasked."""
        kinds = Sessions | SessionChild | WebinarRemovals
        of_organizers = [stream.name for stream in self.streams.values() if isinstance(stream, kinds)]
        self.bookmarks = Bookmarks(state, [child.name for child in self.children], of_organizers)

    @override
    def run(self) -> int:
        """Read everything, print the last STATE, and say how it went.

        Returns:
            Exit code: 0 complete, 1 failed or refused, 128 + signal number when stopped.
        """
        self.report.start_bar()
        code = self._sync()
        self.report.log_summary()
        if self.cut_short:
            left = " and ".join(f"{len(keys)} {noun}" for noun, keys in self.cut_short.items())
            self.logger.warning("max_calls (%s) reached: %s left for the next run", self.settings.max_calls, left)
        return code or self.verdict()

    def _sync(self) -> int:
        code = 0
        try:
            self.stop_signals.check()
            self.sync_all()
        except StopRequested as stopped:
            self.logger.warning("stopped by signal %d; the next run goes on from here", stopped.exit_code - 128)
            # The same signal often ends the reader, too.
            with contextlib.suppress(OutputError):
                self._write_last()
            return stopped.exit_code
        except OutputError:
            raise
        except GoToWebinarError as error:
            code = 1
            self.logger.error("%s", error)  # noqa: TRY400 - one line
        except Exception:
            # Whatever it was, a stream map perhaps: what was written is known all the same.
            self._write_last()
            raise
        self._write_last()
        return code

    def _write_last(self) -> None:
        for read_ahead in self._read_aheads.values():
            read_ahead.close()
        self.state_writer.write_final()
        self.message_writer.flush()
        self.connection.close()

    @override
    def verdict(self) -> int:
        """Return 0 when everything that was wanted was read, else 1, after a line for each reason."""
        # These ask for what changes seldom or no more: what they were not refused, they have read before.
        seldom = [child.name for child in self.streams.values() if isinstance(child, SessionChild | SmallWebinarStream)]
        read_before = [name for name in seldom if self.bookmarks.has_loaded(name)]
        problems = self.report.problems(forgive_refusals=self.settings.forgive_refusals, read_before=read_before)
        problems += [self.connection.problem] if self.connection.problem else []
        for problem in problems:
            self.logger.error("%s", problem)
        return 1 if problems else 0

    def _count_record(self, stream: str) -> None:
        self.report.tally(stream).records += 1


if __name__ == "__main__":
    TapGoToWebinar.cli()
