"""The target: settings, capabilities, and the start and end of a run."""

import functools
import sys
from collections.abc import Iterator, Mapping
from typing import IO, Any, ClassVar

from singer_sdk import Target
from singer_sdk import typing as th
from singer_sdk.helpers.capabilities import PluginCapabilities
from typing_extensions import override

from tap_gotowebinar.api.client import ApiClient
from tap_gotowebinar.api.errors import GoToWebinarError
from tap_gotowebinar.api.rate_limiter import WINDOW
from tap_gotowebinar.settings.connection import CONNECTION_SETTINGS, DISTRIBUTION
from tap_gotowebinar.singer.plugin import CommandLinePlugin
from tap_gotowebinar.singer.sdk_overrides import ConfigInput
from tap_gotowebinar.singer.signals import StopRequested, signals_held
from tap_gotowebinar.singer.writer import MessageWriter
from target_gotowebinar.input import InputError
from target_gotowebinar.messages import MessageReader
from target_gotowebinar.report import Report
from target_gotowebinar.settings import PROGRAM, TARGET_SETTINGS, Settings, problems
from target_gotowebinar.sink import RegistrantSink, Registrations


class TargetGoToWebinar(CommandLinePlugin, Target):
    """Singer target for GoToWebinar: registers people for webinars."""

    name = PROGRAM
    package_name = DISTRIBUTION
    config_jsonschema: ClassVar[dict[str, Any]] = th.PropertiesList(*CONNECTION_SETTINGS, *TARGET_SETTINGS).to_dict()
    capabilities: ClassVar[list[Any]] = [
        PluginCapabilities.ABOUT,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.STRUCTURED_LOGGING,
    ]
    default_sink_class = RegistrantSink

    rate_window: ClassVar[float] = WINDOW
    """Seconds in which `requests_per_minute` calls may be made; tests shorten it."""

    def __init__(self, *, message_writer: MessageWriter | None = None, **kwargs: Any) -> None:  # noqa: ANN401 - the SDK's
        self.report = Report()
        self.message_writer = message_writer or MessageWriter()
        super().__init__(message_reader=MessageReader(lambda: self.registrations), **kwargs)
        # Sinks buffer nothing, so that there is nothing to drain in parallel.
        self.max_parallelism = 1

    @functools.cached_property
    def settings(self) -> Settings:
        """The settings in typed form."""
        return Settings.from_config(self.config)

    @functools.cached_property
    def connection(self) -> ApiClient:
        """The API client of all calls."""
        return self.settings.connection.api_client(window=self.rate_window)

    @functools.cached_property
    def registrations(self) -> Registrations:
        """The registrations of this run."""
        return Registrations(self.settings, self.connection, self.report, self.message_writer, self.stop_signals)

    @classmethod
    @override
    def setting_problems(cls, config: Mapping[str, Any]) -> Iterator[str]:
        return problems(config)

    @classmethod
    @override
    def append_builtin_config(cls, config_jsonschema: dict[str, Any]) -> None:
        """Add the settings of stream maps, not those of targets that load tables."""
        super(Target, cls).append_builtin_config(config_jsonschema)

    @override
    def process_endofpipe(self) -> None:
        self.registrations.drain()
        super().process_endofpipe()

    def run(self, file_input: IO[str] | None = None) -> int:
        """Register everybody in the input, and log the summary.

        Returns:
            Exit code: 0 complete, 1 somebody was rejected or has no result, 128 + signal number when stopped.

        Raises:
            GoToWebinarError: the run cannot go on, or the input is wrong.
        """
        registrations, stop_code = self.registrations, 0
        try:
            self._listen(file_input)
        except StopRequested as stopped:
            registrations.abort()
            stop_code = stopped.exit_code
        except Exception:
            registrations.abort()
            raise
        finally:
            self.report.log_summary()
            registrations.close()
        if stop_code:
            self.logger.warning("stopped by signal %d; the next run goes on from here", stop_code - 128)
            return stop_code
        reasons = [self.connection.problem] if self.connection.problem else []
        reasons += self.report.failures(continue_on_rejection=self.settings.continue_on_rejection)
        self.log_reasons(reasons)
        return 1 if reasons else 0

    def _listen(self, file_input: IO[str] | None) -> None:
        self.stop_signals.check()
        try:
            self.listen(file_input)
        except Exception as error:
            # Everything before a wrong message, or one that a stream map fails on, is complete.
            if isinstance(error, InputError) or not isinstance(error, GoToWebinarError):
                self.registrations.drain()
            raise

    @classmethod
    @override
    def invoke(  # type: ignore[override]  # as in the SDK's own Target
        cls,
        *,
        about: bool = False,
        about_format: str | None = None,
        config: ConfigInput | None = None,
        file_input: IO[str] | None = None,
    ) -> None:
        """Run the target from its command line."""
        super(Target, cls).invoke(about=about, about_format=about_format)
        cls.print_version(print_fn=cls.logger.info)
        with cls.report_errors():
            with signals_held():
                target = cls.configured(config)
                target.stop_signals.install()
            code = target.run(file_input)
        sys.exit(code)


if __name__ == "__main__":
    TargetGoToWebinar.cli()
