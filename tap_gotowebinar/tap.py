"""The tap: settings, capabilities, the one connection all streams share, and how a run begins and ends."""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import typing as th
from singer_sdk.helpers.capabilities import PluginCapabilities, TapCapabilities
from typing_extensions import override

from tap_gotowebinar import streams
from tap_gotowebinar.bookmarks import Bookmarks
from tap_gotowebinar.children import WebinarChild
from tap_gotowebinar.command_line import CommandLineTap
from tap_gotowebinar.connection_settings import CONNECTION_SETTINGS
from tap_gotowebinar.errors import GoToWebinarError, OutputError
from tap_gotowebinar.moments import Moment
from tap_gotowebinar.pacing import WINDOW
from tap_gotowebinar.plan import DueRule, Plan, PlannedWebinar, Reason, last_end
from tap_gotowebinar.readahead import ReadAhead
from tap_gotowebinar.records import canonical_time
from tap_gotowebinar.registrant_list import RegistrantLists
from tap_gotowebinar.report import Report
from tap_gotowebinar.rosters import RosterBookmark
from tap_gotowebinar.scope import Scope
from tap_gotowebinar.settings import PROGRAM, TAP_SETTINGS, Settings
from tap_gotowebinar.stopping import Stopped
from tap_gotowebinar.writer import MessageWriter, StateWriter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_gotowebinar.client import GoToWebinarStream
    from tap_gotowebinar.connection import Connection


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
        self.cut_short: set[str] = set()
        self.started_at = self.now()
        self.started = canonical_time(self.started_at.isoformat()) or ""
        kwargs.setdefault("message_writer", MessageWriter())
        super().__init__(*args, **kwargs)
        self.message_writer.on_record = self._count_record

    @override
    def discover_streams(self) -> Sequence[GoToWebinarStream]:
        """Return a stream of each class."""
        return [stream_class(self) for stream_class in streams.STREAMS]

    @property
    def webinars(self) -> streams.Webinars:
        """The stream that lists the webinars."""
        stream = self.streams["webinars"]
        assert isinstance(stream, streams.Webinars)  # noqa: S101 - tells the type checker
        return stream

    @property
    def removals(self) -> streams.RegistrantRemovals:
        """The stream that knows who is missing."""
        stream = self.streams["registrant_removals"]
        assert isinstance(stream, streams.RegistrantRemovals)  # noqa: S101 - tells the type checker
        return stream

    @functools.cached_property
    def settings(self) -> Settings:
        """The settings in typed form."""
        return Settings.of(self.config)

    @functools.cached_property
    def connection(self) -> Connection:
        """What all streams call through: one pool, one token, one budget."""
        return self.settings.connection.connect(window=self.rate_window)

    @functools.cached_property
    def plan(self) -> Plan:
        """What this run reads; made when all webinars are listed."""
        rule, settle = DueRule(self.settings.recheck_factor), self.settings.settle
        readers = [child for child in self.children if child.selected]
        webinars = []
        for record in self.webinars.listing:
            key, moment = record["webinarKey"], Moment(self.started_at, last_end(record), settle)
            newest = self.newest_of(key)
            reason = None
            if self.webinars.has_children(record):
                reasons = {child.reason(rule, moment, newest, key) for child in readers}
                reason = next((reason for reason in Reason if reason in reasons), None)
            webinars.append(PlannedWebinar(record, moment, reason, settled=moment.is_settled(newest)))
        plan = Plan(webinars)
        if readers:
            self.report.planned(plan, [child.name for child in readers], self.settings.connection.requests_per_minute)
            self._check_max_calls(plan)
        return plan

    def _check_max_calls(self, plan: Plan) -> None:
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
        return [child for child in self.children if child.bookmark_kind is RosterBookmark]

    @functools.cached_property
    def _registrant_streams(self) -> list[WebinarChild]:
        return [child for child in self.children if isinstance(child, streams.RegistrantStream)]

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

    @functools.cached_property
    def read_ahead(self) -> ReadAhead:
        """The calls of the next webinars, in flight while the present one is emitted."""
        for child in self.children:
            # Before the first worker asks for them.
            _ = child.tally, child.reader
        return ReadAhead(
            self.webinars.foresights(),
            # A test run reads one record of each stream and nothing ahead of it.
            0 if self.webinars.ABORT_AT_RECORD_COUNT is not None else self.settings.connection.max_concurrency,
            may_send=None if self.settings.max_calls is None else self.may_call,
            before_waiting=self.message_writer.flush,
            stop_signals=self.stop_signals,
        )

    @functools.cached_property
    def scope(self) -> Scope:
        """Whose data this run reads."""
        return Scope(self.settings, self.streams["organizers"])  # type: ignore[arg-type]

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
        self.bookmarks = Bookmarks(state, [child.name for child in self.children])

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
            left, limit = len(self.cut_short), self.settings.max_calls
            self.logger.warning("max_calls (%s) reached: %d webinars left for the next run", limit, left)
        return code or self.verdict()

    def _sync(self) -> int:
        code = 0
        try:
            self.stop_signals.check()
            self.sync_all()
        except Stopped as stopped:
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
        self.read_ahead.close()
        self.state_writer.write_final()
        self.message_writer.flush()
        self.connection.close()

    @override
    def verdict(self) -> int:
        """Return 0 when everything that was wanted was read, else 1, after a line for each reason."""
        problems = self.report.problems(forgive_refusals=self.settings.forgive_refusals)
        problems += [self.connection.problem] if self.connection.problem else []
        for problem in problems:
            self.logger.error("%s", problem)
        return 1 if problems else 0

    def _count_record(self, stream: str) -> None:
        self.report.tally(stream).records += 1


if __name__ == "__main__":
    TapGoToWebinar.cli()
