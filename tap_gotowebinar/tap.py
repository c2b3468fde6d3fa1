"""The tap: settings, capabilities, and how a run begins and ends."""

import contextlib
import datetime as dt
import functools
from collections.abc import Sequence
from typing import Any, ClassVar

from singer_sdk import Stream
from singer_sdk import typing as th
from singer_sdk.helpers.capabilities import PluginCapabilities, TapCapabilities
from typing_extensions import override

from tap_gotowebinar.api.client import ApiClient
from tap_gotowebinar.api.errors import GoToWebinarError, OutputError
from tap_gotowebinar.api.rate_limiter import WINDOW
from tap_gotowebinar.settings.connection import CONNECTION_SETTINGS
from tap_gotowebinar.settings.tap import PROGRAM, TAP_SETTINGS, Settings
from tap_gotowebinar.singer.signals import StopRequested
from tap_gotowebinar.singer.tap_cli import CommandLineTap
from tap_gotowebinar.singer.writer import MessageWriter
from tap_gotowebinar.streams import STREAMS
from tap_gotowebinar.streams.base import GoToWebinarStream
from tap_gotowebinar.streams.organizers import Organizers
from tap_gotowebinar.sync.context import SyncContext
from tap_gotowebinar.sync.state_origin import check_origin
from tap_gotowebinar.sync.state_writer import StateWriter


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
        """Return the start of the run, in UTC."""
        return dt.datetime.now(dt.UTC)

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - the SDK's
        writer = kwargs.setdefault("message_writer", MessageWriter())
        self.sync_context = SyncContext(lambda: self.config, self.connect, writer=writer, started_at=self.now())
        super().__init__(*args, **kwargs)
        self.sync_context.stop_signals = self.stop_signals
        writer.on_records = self._count_records

    def connect(self, settings: Settings) -> ApiClient:
        """Return the client of all calls of a run."""
        return settings.connection.api_client(window=self.rate_window)

    @override
    def discover_streams(self) -> Sequence[GoToWebinarStream]:
        """Return a stream of each class."""
        return [stream_class(self, self.sync_context) for stream_class in STREAMS]

    @functools.cached_property
    def streams(self) -> dict[str, Stream]:
        """The streams in the order of `STREAMS`, which is that of reading."""
        found = super().streams.values()
        return {stream.name: stream for stream in sorted(found, key=lambda stream: STREAMS.index(type(stream)))}

    @property
    def state_writer(self) -> StateWriter:
        """Prints STATE."""
        return self.sync_context.state_writer

    @override
    def load_state(self, state: dict[str, Any]) -> None:
        """Take the state of an earlier run; the SDK's own copy stays empty, so that the SDK never prints it."""
        kinds = {stream.name: stream.bookmark_kind for stream in STREAMS if hasattr(stream, "bookmark_kind")}
        self.sync_context.load_state(kinds, state)

    @override
    def run(self) -> int:
        """Read everything, print the last STATE, and log the summary.

        Returns:
            Exit code: 0 complete, 1 failed or refused, 128 + signal number when stopped.
        """
        self.sync_context.report.start_bar()
        stopped, reasons = None, []
        try:
            self._sync()
            reasons = self.failures()
        except StopRequested as signal:
            stopped = signal
        except OutputError:
            raise
        except GoToWebinarError as error:
            reasons = [str(error)]
        finally:
            self._log_summary()
        if stopped is not None:
            self.logger.warning("stopped by signal %d; the next run goes on from here", stopped.exit_code - 128)
            return stopped.exit_code
        self.log_reasons(reasons)
        return 1 if reasons else 0

    def _sync(self) -> None:
        try:
            self.stop_signals.check()
            self._check_state()
            self.sync_all()
        except StopRequested:
            # The same signal often ends the reader of the output.
            with contextlib.suppress(OutputError):
                self.sync_context.finish()
            raise
        except OutputError:
            raise
        except Exception:
            # Whatever failed, a stream map perhaps: the records written so far are remembered.
            self.sync_context.finish()
            raise
        self.sync_context.finish()

    def _check_state(self) -> None:
        """Refuse the state of another connection; raises ForeignStateError."""
        run, selected = self.sync_context, {name for name, stream in self.streams.items() if stream.selected}
        if selected:
            has_keys = bool(run.settings.organizer_keys or run.settings.account_key)
            lists_webinars = any(stream.lists_webinars for stream in STREAMS if stream.name in selected)
            check_origin(
                run,
                asks_owner=Organizers.name in selected or not has_keys,
                lists_webinars=lists_webinars or bool(run.settings.account_key),
            )

    def _log_summary(self) -> None:
        run = self.sync_context
        if run.skipped_by_max_calls:
            left = " and ".join(f"{len(keys)} {label}" for label, keys in run.skipped_by_max_calls.items())
            self.logger.info("max_calls (%s) reached: %s left for the next run", run.settings.max_calls, left)
        run.report.log_summary(not_selected=[stream.name for stream in self.streams.values() if not stream.selected])

    @override
    def failures(self, *, is_test: bool = False) -> list[str]:
        run = self.sync_context
        read_before = [
            stream.name for stream in STREAMS if stream.is_read_seldom and run.bookmarks.has_state_for(stream.name)
        ]
        failures = [run.client.problem] if run.client.problem else []
        return failures + run.report.failures(
            skip_forbidden=run.settings.skip_forbidden, is_test=is_test, read_before=read_before
        )

    def _count_records(self, stream: str, count: int) -> None:
        self.sync_context.report.stats(stream).records += count


if __name__ == "__main__":
    TapGoToWebinar.cli()
