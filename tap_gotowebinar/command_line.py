"""The command line of the tap: settings and files read, every failure one line, the exit code true."""

from __future__ import annotations

import abc
import contextlib
import os
import pathlib
import sys
import traceback
from typing import TYPE_CHECKING, Any, Final

from singer_sdk import Tap
from singer_sdk.exceptions import ConfigValidationError, MappingError
from singer_sdk.plugin_base import JSONSchemaValidator
from typing_extensions import override

from tap_gotowebinar.errors import GoToWebinarError
from tap_gotowebinar.raw_settings import (
    environment_prefix,
    environment_problems,
    json_object,
    schema_problem,
    with_numbers,
)
from tap_gotowebinar.settings import problems
from tap_gotowebinar.stopping import StopSignals, signals_held

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO, Self

    import click
    from singer_sdk.plugin_base import _ConfigInput

    from tap_gotowebinar.writer import MessageWriter


MAPPER: Final = str(pathlib.PurePath("singer_sdk", "mapper.py"))
"""Where stream maps are applied; an error that came through there is one of the user's expressions."""


class CommandLineTap(Tap):
    """A tap whose command line says what is wrong in one line, and ends as the run did."""

    message_writer: MessageWriter

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - the SDK's
        """Leave signals alone until the command line takes them over."""
        self.stop_signals = StopSignals()
        super().__init__(*args, **kwargs)

    @abc.abstractmethod
    def run(self) -> int:
        """Read everything and return the exit code."""

    @abc.abstractmethod
    def verdict(self) -> int:
        """Return 0 when everything that was wanted was read, else 1, after a line for each reason."""

    @override
    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        """Check the settings; the SDK's own texts hold the values, secrets among them."""
        self.append_builtin_config(self.config_jsonschema)
        self._config = with_numbers(self._config, self.config_jsonschema)
        validator = JSONSchemaValidator(self.config_jsonschema)
        errors = [schema_problem(error, environment_prefix(self.name)) for error in validator.iter_errors(self._config)]
        errors = errors or list(problems(self._config))
        if errors and raise_errors:
            raise ConfigValidationError(errors[0], errors=errors, schema={})
        return errors

    @classmethod
    @override
    def invoke(  # type: ignore[override]  # as in the SDK's own Tap
        cls,
        *,
        about: bool = False,
        about_format: str | None = None,
        config: _ConfigInput | None = None,
        state: IO[str] | None = None,
        catalog: IO[str] | None = None,
    ) -> None:
        """Run the tap from its command line."""
        super(Tap, cls).invoke(about=about, about_format=about_format)
        cls.print_version(print_fn=cls.logger.info)
        with cls._one_line_errors():
            known, wanted = json_object(state, "--state"), cls._completed(json_object(catalog, "--catalog"))
            with signals_held():
                # The SDK's own handlers, which it installs here, would print an empty STATE and exit with 0.
                tap = cls._from_command_line(config, state=known, catalog=wanted)
                tap.stop_signals.install()
            code = tap.run()
        sys.exit(code)

    @classmethod
    @override
    def cb_test(cls, ctx: click.Context, param: click.Option, value: str) -> None:
        """Read one record of each stream, or print the schemas only."""
        with cls._one_line_errors():
            if value == "disabled":
                return
            tap = cls._from_command_line(ctx.params.get("config"))
            if value == "schema":
                tap.write_schemas()
            else:
                tap.run_connection_test()
            tap.message_writer.flush()
        ctx.exit(tap.verdict())

    @classmethod
    @override
    def cb_config(cls, ctx: click.Context, param: click.Option, value: tuple[str, ...]) -> _ConfigInput:
        """Read the settings from files and, with `ENV`, from the environment."""
        with cls._one_line_errors():
            for path in value:
                if path != "ENV":
                    with open(path, encoding="utf-8") as file:  # noqa: PTH123 - OSError names the path as given
                        json_object(file, "--config")
            return super().cb_config(ctx, param, value)

    @classmethod
    def _from_command_line(
        cls,
        config: _ConfigInput | None,
        *,
        state: dict[str, Any] | None = None,
        catalog: dict[str, Any] | None = None,
    ) -> Self:
        parse_env = config is not None and config.parse_env
        if parse_env:
            cls.append_builtin_config(cls.config_jsonschema)
            errors = list(environment_problems(cls.config_jsonschema, os.environ, environment_prefix(cls.name)))
            if errors:
                raise ConfigValidationError(errors[0], errors=errors, schema={})
        return cls(config=config.config if config else {}, state=state, catalog=catalog, parse_env_config=parse_env)

    @classmethod
    def _completed(cls, catalog: dict[str, Any] | None) -> dict[str, Any] | None:
        """Return a catalog with the keys of this tap, in which the streams that it leaves out are there, deselected.

        Raises:
            GoToWebinarError: it is no catalog of this tap.
        """
        if catalog is None:
            return None
        given = _catalog_streams(catalog)
        streams = []
        for entry in cls(config={}, validate_config=False, setup_mapper=False).catalog_dict["streams"]:
            stream = given.get(entry["tap_stream_id"])
            if stream is None:
                deselected = {"breadcrumb": [], "metadata": {"selected": False}}
                streams.append({**entry, "metadata": [deselected]})
                continue
            needed = [*entry.get("key_properties", ()), entry.get("replication_key")]
            missing = [name for name in needed if name and name not in stream["schema"].get("properties", {})]
            if missing:
                msg = f"the catalog's schema of '{entry['tap_stream_id']}' lacks {missing[0]}: put it back"
                raise GoToWebinarError(msg)
            streams.append({**stream, "key_properties": entry.get("key_properties")})
        return {**catalog, "streams": streams}

    @classmethod
    @contextlib.contextmanager
    def _one_line_errors(cls) -> Iterator[None]:
        """Turn every failure into a line and exit code 1."""
        try:
            yield
        except ConfigValidationError as error:
            for line in error.errors:
                cls.logger.error("%s", line)  # noqa: TRY400 - one line
        except MappingError as error:
            # Its text holds the expression, and with it perhaps a value.
            cls.logger.error("stream_maps cannot be applied (%s): correct it", type(error).__name__)  # noqa: TRY400
        except (GoToWebinarError, OSError) as error:
            cls.logger.error("%s", error)  # noqa: TRY400 - one line
        except Exception as error:  # noqa: BLE001 - the last resort
            frames = traceback.extract_tb(error.__traceback__)
            if any(frame.filename.endswith(MAPPER) for frame in frames):
                cls.logger.error("stream_maps failed on a record (%s): correct it", type(error).__name__)  # noqa: TRY400
            else:
                place = f"{pathlib.PurePath(frames[-1].filename).name}, line {frames[-1].lineno}"
                # Its text may hold data.
                cls.logger.error("internal error: %s in %s; please report it", type(error).__name__, place)  # noqa: TRY400
        else:
            return
        sys.exit(1)


def _catalog_streams(catalog: dict[str, Any]) -> dict[str, dict[str, Any]]:
    streams = catalog.get("streams")
    is_usable = isinstance(streams, list) and all(
        isinstance(stream, dict)
        and isinstance(stream.get("tap_stream_id") or stream.get("stream"), str)
        and isinstance(stream.get("schema"), dict)
        and _is_metadata(stream.get("metadata", []))
        for stream in streams
    )
    if not streams or not is_usable:
        msg = "the file of --catalog is not a catalog: make one with --discover, and select streams in it"
        raise GoToWebinarError(msg)
    return {stream.get("tap_stream_id") or stream["stream"]: stream for stream in streams}


def _is_metadata(metadata: object) -> bool:
    return isinstance(metadata, list) and all(
        isinstance(item, dict) and isinstance(item.get("breadcrumb"), list) and isinstance(item.get("metadata"), dict)
        for item in metadata
    )
