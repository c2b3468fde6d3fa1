"""What the command lines of tap and target share: settings read with care, every failure one line."""

from __future__ import annotations

import abc
import contextlib
import io
import os
import pathlib
import sys
import traceback
from typing import TYPE_CHECKING, Any, Final

from singer_sdk.cli import plugin_cli
from singer_sdk.configuration._dict_config import parse_environment_config  # knows where the SDK looks for `.env`
from singer_sdk.exceptions import ConfigValidationError, MappingError
from singer_sdk.plugin_base import JSONSchemaValidator, PluginBase, _ConfigInput
from typing_extensions import override

from tap_gotowebinar.api.errors import GoToWebinarError, internal_error
from tap_gotowebinar.settings.values import (
    environment_prefix,
    environment_settings,
    json_object,
    schema_problem,
    typed_settings,
    unread_variables,
)
from tap_gotowebinar.singer.sdk_overrides import is_relevant
from tap_gotowebinar.singer.signals import StopSignals
from tap_gotowebinar.singer.writer import MessageWriter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Self

    import click

MAPPER: Final = str(pathlib.PurePath("singer_sdk", "mapper.py"))
"""Where stream maps are applied; an error that came through there is one of the user's expressions."""


class CommandLinePlugin(PluginBase):
    """A plugin whose command line says what is wrong in one line."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - the SDK's
        """Leave signals alone until the command line takes them over."""
        self.stop_signals = StopSignals()
        self.logger.addFilter(is_relevant)
        super().__init__(*args, **kwargs)

    @override
    def _setup_signal_handlers(self) -> None:
        """None: the SDK's own end a run, a test or a discovery that is stopped half-way with 0, as if it were complete.

        It calls this wherever a plugin is made, and offers no public way to say no.
        """

    @classmethod
    @abc.abstractmethod
    def setting_problems(cls, config: Mapping[str, Any]) -> Iterator[str]:
        """Yield a line for each setting, or combination of them, that fits the schema and cannot work."""

    @override
    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        """Check the settings; the SDK's own texts hold the values, secrets among them."""
        self.append_builtin_config(self.config_jsonschema)
        self._config = typed_settings(self._config, self.config_jsonschema)
        validator = JSONSchemaValidator(self.config_jsonschema)
        errors = [schema_problem(error, environment_prefix(self.name)) for error in validator.iter_errors(self._config)]
        errors = errors or list(self.setting_problems(self._config))
        if errors and raise_errors:
            raise ConfigValidationError(errors[0], errors=errors, schema={})
        return errors

    @plugin_cli
    def cli(cls) -> click.Command:  # noqa: N805 - the SDK's decorator hands over the class
        """The command line."""
        if not os.environ.get("LOGLEVEL", "INFO"):
            # The SDK would take it for a level.
            del os.environ["LOGLEVEL"]
        with cls.one_line_errors():
            try:
                return super().cli
            except Exception as error:  # noqa: BLE001 - a file about logging can be wrong in every way
                msg = (
                    f"logging cannot be set up ({type(error).__name__}): let LOGLEVEL name a level such as INFO, and "
                    "SINGER_SDK_LOG_CONFIG, if it is set, a file that Python's logging understands"
                )
                raise GoToWebinarError(msg) from None

    @classmethod
    @override
    def cb_config(cls, ctx: click.Context, param: click.Option, value: tuple[str, ...]) -> _ConfigInput:
        """Read the settings from files, each once: it may be a pipe; and with `ENV` from the environment."""
        settings: dict[str, Any] = {}
        with cls.one_line_errors():
            for path in value:
                if path != "ENV":
                    with open(path, encoding="utf-8") as file:  # noqa: PTH123 - OSError names the path as given
                        settings |= json_object(file, "--config") or {}
        return _ConfigInput(config=settings, parse_env="ENV" in value)

    @classmethod
    def configured(cls, config: _ConfigInput | None, **more: Any) -> Self:  # noqa: ANN401 - the SDK's
        """Return a plugin with the settings that the command line was given.

        Args:
            config: The settings.
            more: Further arguments of the constructor.

        Raises:
            ConfigValidationError: the settings cannot be used.
            GoToWebinarError: `.env` cannot be read.
        """
        try:
            return cls(config=cls._given(config), **more)
        except ConfigValidationError as error:
            if config is not None and config.parse_env:
                raise
            with contextlib.suppress(GoToWebinarError):
                read_dotenv()
            prefix = environment_prefix(cls.name)
            unread = unread_variables(error.errors, cls.config_jsonschema, os.environ, prefix)
            if not unread:
                raise
            msg = f"the settings in {' and '.join(unread)} are not read: add --config=ENV"
            raise ConfigValidationError(msg, errors=[msg], schema={}) from None

    @classmethod
    def _given(cls, config: _ConfigInput | None) -> dict[str, Any]:
        """Return the settings that the command line was given."""
        settings = dict(config.config) if config else {}
        if config is not None and config.parse_env:
            cls.append_builtin_config(cls.config_jsonschema)
            read_dotenv()
            names = cls.config_jsonschema["properties"]
            settings |= environment_settings(names, os.environ, environment_prefix(cls.name))
        return settings

    @classmethod
    @override
    def print_about(cls, output_format: str | None = None) -> None:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            super().print_about(output_format)
        with cls.one_line_errors():
            MessageWriter().write_line(printed.getvalue().removesuffix("\n").encode())

    @classmethod
    def log_reasons(cls, reasons: Sequence[str]) -> None:
        """Log why a run failed, each reason with its remedy, the first one last.

        The last line is all that `meltano config test` shows.
        """
        for number, reason in reversed(list(enumerate(reasons))):
            more = f" ({len(reasons) - 1} more above)" if len(reasons) > 1 and not number else ""
            cls.logger.error("%s%s", " ".join(reason.split()), more)

    @classmethod
    @contextlib.contextmanager
    def one_line_errors(cls) -> Iterator[None]:
        """Turn every failure into a line and exit code 1."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - whatever it is
            cls.log_reasons(_reasons(error))
            sys.exit(1)


def _reasons(error: Exception) -> Sequence[str]:
    """Return what to say of an error, without data."""
    kind = type(error).__name__
    match error:
        case ConfigValidationError():
            return error.errors
        case MappingError():
            # Its text holds the expression, and with it perhaps a value.
            return [f"stream_maps cannot be applied ({kind}): correct it"]
        case GoToWebinarError():
            return [str(error)]
        case OSError(filename=str(path), strerror=reason):
            return [f"{path} cannot be used ({reason}): check the path and its permissions"]
    frames = traceback.extract_tb(error.__traceback__)
    if any(frame.filename.endswith(MAPPER) for frame in frames):
        return [f"stream_maps failed on a record ({kind}): correct it"]
    return [internal_error(error)]


def read_dotenv() -> None:
    """Take what the nearest `.env` says into the environment, as the SDK does.

    Raises:
        GoToWebinarError: it is no text.
    """
    try:
        parse_environment_config({}, "")
    except ValueError:
        msg = "the file .env that --config=ENV reads is no text in UTF-8: save it as such"
        raise GoToWebinarError(msg) from None
