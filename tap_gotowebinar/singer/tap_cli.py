"""The command line of the tap: state and catalog read, every failure one line, the exit code true."""

from __future__ import annotations

import abc
import contextlib
import sys
from typing import TYPE_CHECKING, Any

import click
from singer_sdk import Tap
from typing_extensions import override

from tap_gotowebinar.api.errors import GoToWebinarError
from tap_gotowebinar.settings.tap import problems
from tap_gotowebinar.settings.values import json_object
from tap_gotowebinar.singer.plugin import CommandLinePlugin
from tap_gotowebinar.singer.signals import signals_held

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import IO

    from singer_sdk.plugin_base import _ConfigInput

    from tap_gotowebinar.singer.writer import MessageWriter


class CommandLineTap(CommandLinePlugin, Tap):
    """A tap whose command line says what is wrong in one line, and ends as the run did."""

    message_writer: MessageWriter

    @abc.abstractmethod
    def run(self) -> int:
        """Read everything and return the exit code."""

    @abc.abstractmethod
    def failures(self, *, is_test: bool) -> list[str]:
        """Return a line for each reason why not everything was read that was wanted.

        Args:
            is_test: Whether it was a test: then lists that GoTo refuses are never accepted.
        """

    @classmethod
    @override
    def setting_problems(cls, config: Mapping[str, Any]) -> Iterator[str]:
        return problems(config)

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
        with cls.one_line_errors():
            known, wanted = json_object(state, "--state"), cls._completed(json_object(catalog, "--catalog"))
            with signals_held():
                tap = cls.configured(config, state=known, catalog=wanted)
                tap.stop_signals.install()
            code = tap.run()
        sys.exit(code)

    @classmethod
    @override
    def cb_test(cls, ctx: click.Context, param: click.Option, value: str) -> None:
        """Read one record of each stream, or print the schemas only."""
        with cls.one_line_errors():
            if value == "disabled":
                return
            tap = cls.configured(ctx.params.get("config"))
            if value == "schema":
                tap.write_schemas()
            else:
                tap.run_connection_test()
            tap.message_writer.flush()
            reasons = tap.failures(is_test=True)
        cls.log_reasons(reasons)
        ctx.exit(1 if reasons else 0)

    @classmethod
    @override
    def cb_discover(cls, ctx: click.Context, param: click.Option, value: bool) -> None:
        """Print the catalog."""
        with cls.one_line_errors(), contextlib.suppress(click.exceptions.Exit):
            super().cb_discover(ctx, param, value)
        if value:
            ctx.exit()

    @override
    def run_discovery(self) -> str:
        text = self.catalog_json_text
        self.message_writer.write_line(text.encode())
        return text

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
            streams.append({**stream, **{name: entry.get(name) for name in ("tap_stream_id", "key_properties")}})
        return {**catalog, "streams": streams}


def _catalog_streams(catalog: dict[str, Any]) -> dict[str, dict[str, Any]]:
    streams = catalog.get("streams")
    is_usable = isinstance(streams, list) and all(
        isinstance(stream, dict)
        and isinstance(stream.get("tap_stream_id") or stream.get("stream"), str)
        and _is_schema(stream.get("schema"))
        and _is_metadata(stream.get("metadata", []))
        for stream in streams
    )
    if not streams or not is_usable:
        msg = "the file of --catalog is not a catalog: make one with --discover, and select streams in it"
        raise GoToWebinarError(msg)
    return {stream.get("tap_stream_id") or stream["stream"]: stream for stream in streams}


def _is_schema(schema: object) -> bool:
    properties = schema.get("properties", {}) if isinstance(schema, dict) else None
    # The SDK stumbles over a field of which nothing is declared.
    return isinstance(properties, dict) and all(
        isinstance(declared, dict) and declared for declared in properties.values()
    )


def _is_metadata(metadata: object) -> bool:
    return isinstance(metadata, list) and all(
        isinstance(item, dict)
        and isinstance(item.get("breadcrumb"), list)
        and all(isinstance(part, str) for part in item["breadcrumb"])
        and isinstance(item.get("metadata"), dict)
        for item in metadata
    )
