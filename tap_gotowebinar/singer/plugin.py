"""The command line that tap and target share: it checks settings, and reports each failure in one line."""

import abc
import contextlib
import io
import os
import pathlib
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Self

import click
from dotenv import find_dotenv, load_dotenv
from singer_sdk.cli import plugin_cli
from singer_sdk.exceptions import ConfigValidationError, MappingError
from singer_sdk.helpers import capabilities
from singer_sdk.plugin_base import JSONSchemaValidator, PluginBase
from typing_extensions import override

from tap_gotowebinar.api.errors import GoToWebinarError, internal_error
from tap_gotowebinar.settings.values import (
    environment_prefix,
    environment_settings,
    json_object,
    schema_problem,
    typed_settings,
    unknown_settings,
    unread_variables,
)
from tap_gotowebinar.singer.sdk_overrides import ConfigInput, is_relevant
from tap_gotowebinar.singer.signals import StopSignals
from tap_gotowebinar.singer.writer import MessageWriter

MAPPER: Final = str(pathlib.PurePath("singer_sdk", "mapper.py"))
"""Where the SDK applies stream maps; an error from there is in an expression of the user."""

SDK_SETTINGS: Final = {
    name
    for declared in vars(capabilities).values()
    if isinstance(declared, dict)
    for name in declared.get("properties", ())
}
"""Settings of taps and targets in general; a shared configuration may hold some that this program does not need."""


class CommandLinePlugin(PluginBase):
    """A plugin whose command line reports each failure in one line."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - the SDK's
        self.stop_signals = StopSignals()
        self.logger.addFilter(is_relevant)
        super().__init__(*args, **kwargs)

    @override
    def _setup_signal_handlers(self) -> None:
        """Install none: the SDK's own let a stopped run exit with 0, and cannot be disabled in a public way."""

    @classmethod
    @abc.abstractmethod
    def setting_problems(cls, config: Mapping[str, Any]) -> Iterator[str]:
        """Yield a line for each setting, or combination of settings, that fits the schema but cannot work."""

    @override
    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        """Check the settings; the SDK's own messages contain values, also secrets."""
        self.append_builtin_config(self.config_jsonschema)
        self._config = typed_settings(self._config, self.config_jsonschema)
        validator = JSONSchemaValidator(self.config_jsonschema)
        prefix = environment_prefix(self.name)
        names = self.config_jsonschema["properties"].keys() | SDK_SETTINGS
        unknown = unknown_settings(self._config, sorted(names), os.environ, prefix) if raise_errors else {}
        for name, meant in unknown.items():
            remedy = f"did you mean {meant}?" if meant else "remove or correct it"
            self.logger.warning("%s is not a setting and has no effect: %s", name, remedy)
        errors = [schema_problem(error, prefix, unknown) for error in validator.iter_errors(self._config)]
        errors = errors or list(self.setting_problems(self._config))
        if errors and raise_errors:
            raise ConfigValidationError(errors[0], errors=errors, schema={})
        return errors

    @plugin_cli
    def cli(cls) -> click.Command:  # noqa: N805 - the SDK's decorator hands over the class
        """The command line."""
        if not os.environ.get("LOGLEVEL", "INFO"):
            # The SDK would take an empty text for a level.
            del os.environ["LOGLEVEL"]
        with cls.report_errors():
            try:
                return super().cli
            except Exception as error:  # noqa: BLE001 - the user's logging file can raise anything
                msg = (
                    f"logging cannot be set up ({type(error).__name__}): let LOGLEVEL name a level such as INFO, and "
                    "SINGER_SDK_LOG_CONFIG, if it is set, a file that Python's logging understands"
                )
                raise GoToWebinarError(msg) from None

    @classmethod
    @override
    def cb_config(cls, ctx: click.Context, param: click.Option, value: tuple[str, ...]) -> ConfigInput:
        """Read the settings from files, each once, as it may be a pipe, and with `ENV` from the environment."""
        settings: dict[str, Any] = {}
        with cls.report_errors():
            for path in value:
                if path != "ENV":
                    with open(path, encoding="utf-8") as file:  # noqa: PTH123 - OSError names the path as given
                        settings |= json_object(file, "--config") or {}
        return ConfigInput(config=settings, parse_env="ENV" in value)

    @classmethod
    def configured(cls, config: ConfigInput | None, **more: Any) -> Self:  # noqa: ANN401 - the SDK's
        """Return a plugin with the settings of the command line, and more arguments of the constructor.

        Raises:
            ConfigValidationError: a setting or an environment variable is invalid.
            GoToWebinarError: `.env` cannot be read.
        """
        try:
            return cls(config=cls._read_settings(config), **more)
        except ConfigValidationError as error:
            if config is not None and config.parse_env:
                raise
            with contextlib.suppress(GoToWebinarError):
                _read_dotenv()
            prefix = environment_prefix(cls.name)
            unread = unread_variables(error.errors, cls.config_jsonschema, os.environ, prefix)
            if not unread:
                raise
            msg = f"the settings in {' and '.join(unread)} are not read: add --config=ENV"
            raise ConfigValidationError(msg, errors=[msg], schema={}) from None

    @classmethod
    def _read_settings(cls, config: ConfigInput | None) -> dict[str, Any]:
        """Return the settings of the command line."""
        settings = dict(config.config) if config else {}
        if config is not None and config.parse_env:
            cls.append_builtin_config(cls.config_jsonschema)
            _read_dotenv()
            names = cls.config_jsonschema["properties"]
            settings |= environment_settings(names, os.environ, environment_prefix(cls.name))
        return settings

    @classmethod
    @override
    def print_about(cls, output_format: str | None = None) -> None:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            super().print_about(output_format)
        with cls.report_errors():
            MessageWriter().write_line(printed.getvalue().removesuffix("\n").encode())

    @classmethod
    def log_reasons(cls, reasons: Sequence[str]) -> None:
        """Log why a run failed, the first reason last, where it is looked for."""
        for number, reason in reversed(list(enumerate(reasons))):
            more = f" ({len(reasons) - 1} more above)" if len(reasons) > 1 and not number else ""
            cls.logger.error("%s%s", " ".join(reason.split()), more)

    @classmethod
    @contextlib.contextmanager
    def report_errors(cls) -> Iterator[None]:
        """Report an exception in one line, and exit with 1."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - the last handler
            cls.log_reasons(_reasons(error))
            sys.exit(1)


def _read_dotenv() -> None:
    """Add the variables of `.env`, in the current folder or one above it, that the environment lacks.

    The SDK begins its search where it is installed, and lets the file replace the environment.

    Raises:
        GoToWebinarError: the file is not UTF-8 text.
    """
    try:
        load_dotenv(find_dotenv(usecwd=True))
    except ValueError:
        msg = "the file .env that --config=ENV reads is no text in UTF-8: save it as such"
        raise GoToWebinarError(msg) from None


def _reasons(error: Exception) -> Sequence[str]:
    """Return the messages for an error, without data."""
    kind = type(error).__name__
    match error:
        case ConfigValidationError():
            return error.errors
        case MappingError():
            # Its text contains the expression, which may contain a value.
            return [f"stream_maps cannot be applied ({kind}): correct it"]
        case GoToWebinarError():
            return [str(error)]
        case OSError(filename=path, strerror=str(reason)):
            return [f"{path or 'a file or the input'} cannot be used ({reason}): check the path and its permissions"]
    frames = traceback.extract_tb(error.__traceback__)
    if any(frame.filename.endswith(MAPPER) for frame in frames):
        return [f"stream_maps failed on a record ({kind}): correct it"]
    return [internal_error(error)]
