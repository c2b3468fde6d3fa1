"""What the command lines of tap and target share: settings read with care, every failure one line."""

from __future__ import annotations

import abc
import contextlib
import os
import pathlib
import sys
import traceback
from typing import TYPE_CHECKING, Any, ClassVar, Final

from singer_sdk.exceptions import ConfigValidationError, MappingError
from singer_sdk.plugin_base import JSONSchemaValidator, PluginBase
from typing_extensions import override

from tap_gotowebinar.errors import GoToWebinarError, internal_error
from tap_gotowebinar.raw_settings import (
    environment_prefix,
    environment_problems,
    json_object,
    schema_problem,
    with_numbers,
)
from tap_gotowebinar.stopping import StopSignals

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import click
    from singer_sdk.plugin_base import _ConfigInput

MAPPER: Final = str(pathlib.PurePath("singer_sdk", "mapper.py"))
"""Where stream maps are applied; an error that came through there is one of the user's expressions."""


class CommandLinePlugin(PluginBase):
    """A plugin whose command line says what is wrong in one line."""

    sayable_errors: ClassVar[tuple[type[Exception], ...]] = (GoToWebinarError, OSError)
    """Errors whose text is written for the user and holds no data."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - the SDK's
        """Leave signals alone until the command line takes them over."""
        self.stop_signals = StopSignals()
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
        self._config = with_numbers(self._config, self.config_jsonschema)
        validator = JSONSchemaValidator(self.config_jsonschema)
        errors = [schema_problem(error, environment_prefix(self.name)) for error in validator.iter_errors(self._config)]
        errors = errors or list(self.setting_problems(self._config))
        if errors and raise_errors:
            raise ConfigValidationError(errors[0], errors=errors, schema={})
        return errors

    @classmethod
    @override
    def cb_config(cls, ctx: click.Context, param: click.Option, value: tuple[str, ...]) -> _ConfigInput:
        """Read the settings from files and, with `ENV`, from the environment."""
        with cls.one_line_errors():
            for path in value:
                if path != "ENV":
                    with open(path, encoding="utf-8") as file:  # noqa: PTH123 - OSError names the path as given
                        json_object(file, "--config")
            return super().cb_config(ctx, param, value)

    @classmethod
    def given(cls, config: _ConfigInput | None) -> dict[str, Any]:
        """Return the arguments of the constructor that say which settings the command line was given.

        Raises:
            ConfigValidationError: a variable of the environment cannot be read.
        """
        parse_env = config is not None and config.parse_env
        if parse_env:
            cls.append_builtin_config(cls.config_jsonschema)
            errors = list(environment_problems(cls.config_jsonschema, os.environ, environment_prefix(cls.name)))
            if errors:
                raise ConfigValidationError(errors[0], errors=errors, schema={})
        return {"config": config.config if config else {}, "parse_env_config": parse_env}

    @classmethod
    @contextlib.contextmanager
    def one_line_errors(cls) -> Iterator[None]:
        """Turn every failure into a line and exit code 1."""
        try:
            yield
        except ConfigValidationError as error:
            for line in error.errors:
                cls.logger.error("%s", line)  # noqa: TRY400 - one line
        except MappingError as error:
            # Its text holds the expression, and with it perhaps a value.
            cls.logger.error("stream_maps cannot be applied (%s): correct it", type(error).__name__)  # noqa: TRY400
        except cls.sayable_errors as error:
            cls.logger.error("%s", " ".join(str(error).split()))  # noqa: TRY400 - one line
        except Exception as error:  # noqa: BLE001 - the last resort
            frames = traceback.extract_tb(error.__traceback__)
            if any(frame.filename.endswith(MAPPER) for frame in frames):
                cls.logger.error("stream_maps failed on a record (%s): correct it", type(error).__name__)  # noqa: TRY400
            else:
                cls.logger.error("%s", internal_error(error))  # noqa: TRY400 - one line
        else:
            return
        sys.exit(1)
