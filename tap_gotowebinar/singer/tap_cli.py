"""The command line of the tap: it reads state and catalog, and exits with the code of the run."""

import abc
import contextlib
import ctypes
import gc
import sys
from collections.abc import Iterator, Mapping
from typing import IO, Annotated, Any, Final

import click
import msgspec
from singer_sdk import Tap
from singer_sdk.singerlib import Catalog
from typing_extensions import override

from tap_gotowebinar.api.errors import GoToWebinarError
from tap_gotowebinar.settings.tap import problems
from tap_gotowebinar.settings.values import json_object
from tap_gotowebinar.singer.plugin import CommandLinePlugin
from tap_gotowebinar.singer.sdk_overrides import ConfigInput
from tap_gotowebinar.singer.signals import signals_held
from tap_gotowebinar.singer.writer import MessageWriter

_M_MMAP_THRESHOLD: Final = -3
_M_ARENA_MAX: Final = -8
"""Numbers of parameters in glibc's malloc.h."""


class CommandLineTap(CommandLinePlugin, Tap):
    """A tap whose command line reports each failure in one line, and exits with the code of the run."""

    message_writer: MessageWriter

    @abc.abstractmethod
    def run(self) -> int:
        """Read everything and return the exit code."""

    @abc.abstractmethod
    def failures(self, *, is_test: bool) -> list[str]:
        """Return a line for each reason why the run is incomplete; a test never accepts lists that GoTo refuses."""

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
        config: ConfigInput | None = None,
        state: IO[str] | None = None,
        catalog: IO[str] | None = None,
    ) -> None:
        """Run the tap from its command line."""
        super(Tap, cls).invoke(about=about, about_format=about_format)
        cls.print_version(print_fn=cls.logger.info)
        _tune_process()
        with cls.report_errors():
            known, selection = json_object(state, "--state"), cls._complete(json_object(catalog, "--catalog"))
            with signals_held():
                tap = cls.configured(config, state=known, catalog=selection)
                tap.stop_signals.install()
            code = tap.run()
        sys.exit(code)

    @classmethod
    @override
    def cb_test(cls, ctx: click.Context, param: click.Option, value: str) -> None:
        """Read one record of each stream, or print the schemas only."""
        with cls.report_errors():
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
        with cls.report_errors(), contextlib.suppress(click.exceptions.Exit):
            super().cb_discover(ctx, param, value)
        if value:
            ctx.exit()

    @override
    def setup_mapper(self) -> None:
        """Prepare the stream maps; to deselected streams the SDK would leave no fields, and then fail on their maps."""
        super(Tap, self).setup_mapper()
        selected = {name: entry for name, entry in self.catalog.items() if entry.metadata.resolve_selection()[()]}
        self.mapper.register_raw_streams_from_catalog(Catalog(selected))
        for name in self.catalog.keys() - selected.keys():
            entry = self.catalog[name]
            self.mapper.register_raw_stream_schema(name, entry.schema.to_dict(), entry.key_properties)

    @override
    def run_discovery(self) -> str:
        text = self.catalog_json_text
        self.message_writer.write_line(text.encode())
        return text

    @classmethod
    def _complete(cls, catalog: dict[str, Any] | None) -> dict[str, Any] | None:
        """Return a catalog with the keys of this tap, and the missing streams deselected; raises GoToWebinarError."""
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


def _tune_process() -> None:
    """Suit the process to large values that are soon dropped and hold no reference cycles."""
    # What has been imported stays: no search for reference cycles looks at it again.
    gc.freeze()
    # glibc would keep some 10 MiB for the threads that read lists. Other C libraries have no mallopt.
    with contextlib.suppress(AttributeError, OSError, TypeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_MMAP_THRESHOLD, 128 * 1024)
        mallopt(_M_ARENA_MAX, 1)


def _catalog_streams(catalog: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the streams of a catalog by name."""
    try:
        streams = msgspec.convert(catalog, _Catalog).streams
    except msgspec.ValidationError:
        msg = "the file of --catalog is not a catalog: make one with --discover, and select streams in it"
        raise GoToWebinarError(msg) from None
    return {
        stream.tap_stream_id or stream.stream: given for stream, given in zip(streams, catalog["streams"], strict=True)
    }


class _Metadata(msgspec.Struct):
    breadcrumb: list[str]
    metadata: dict[str, Any]


class _Schema(msgspec.Struct):
    # The SDK fails on an empty declaration of a field.
    properties: dict[str, Annotated[dict[str, Any], msgspec.Meta(min_length=1)]] = {}


class _Stream(msgspec.Struct):
    schema: _Schema
    tap_stream_id: str = ""
    stream: str = ""
    metadata: list[_Metadata] = []

    def __post_init__(self) -> None:
        if not self.tap_stream_id and not self.stream:
            raise ValueError


class _Catalog(msgspec.Struct):
    streams: Annotated[list[_Stream], msgspec.Meta(min_length=1)]
