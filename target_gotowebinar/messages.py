"""Reads Singer messages; a line that is none ends the run with one error that shows nothing of it."""

import json
from collections import Counter
from collections.abc import Callable
from typing import IO, Any, Final

from singer_sdk.exceptions import MissingKeyPropertiesError, RecordsWithoutSchemaException
from singer_sdk.singerlib.encoding.base import SingerMessageType
from singer_sdk.singerlib.encoding.simple import SimpleSingerReader
from typing_extensions import override

from tap_gotowebinar.api.redaction import mask
from target_gotowebinar.input import InputError
from target_gotowebinar.sink import Registrations

DELETED: Final = "_sdc_deleted_at"
"""Field with which a tap marks a deleted row."""

MAX_NAME: Final = 200
"""Maximum characters of the name of a stream."""

FIELDS: Final[dict[str, dict[str, type]]] = {
    SingerMessageType.SCHEMA: {"stream": str, "schema": dict},
    SingerMessageType.RECORD: {"stream": str, "record": dict},
    SingerMessageType.STATE: {"value": object},
    SingerMessageType.ACTIVATE_VERSION: {},
}
"""Required fields of each type of message, and their Python types."""


class MissingSchemaError(InputError, RecordsWithoutSchemaException):
    """A record of a stream without a SCHEMA message; also the SDK's own error."""


class MissingKeyError(InputError, MissingKeyPropertiesError):
    """A record without one of its key properties; also the SDK's own error."""


class MessageReader(SimpleSingerReader):
    """Reads messages and passes them on."""

    def __init__(self, registrations: Callable[[], Registrations]) -> None:
        """Take a function that returns the receiver, which does not exist yet."""
        super().__init__()
        self._registrations = registrations

    @override
    def process_lines(
        self, file_input: IO[Any] | None, callbacks: dict[str, Callable[[dict[str, Any]], None]]
    ) -> Counter[str]:
        """Pass on each message, in order; raises InputError for a line that is not a message of a known type."""
        registrations, counts = self._registrations(), Counter[str]()
        for number, line in enumerate(registrations.lines(file_input), start=1):
            if not line.strip():
                continue
            message = _parse(line, number)
            kind = message["type"]
            counts[kind] += 1
            if kind == SingerMessageType.STATE:
                registrations.add_state(message["value"])
            elif kind != SingerMessageType.ACTIVATE_VERSION:
                # A new version of a table says nothing about people.
                registrations.is_deletion = message.get("record", {}).get(DELETED) is not None
                _process(callbacks[kind], message, number)
        return counts


def _parse(line: bytes, number: int) -> dict[str, Any]:
    """Return the message in a line; raises InputError if it is not a message of a known type."""
    try:
        message: dict[str, Any] = json.loads(line)
    except (ValueError, RecursionError):
        is_whole = line.endswith(b"\n")
        torn = "breaks off in the middle of a message: the tap has failed, see its log"
        raise InputError(_error_text(number, "is not JSON" if is_whole else torn)) from None
    if (fault := _find_fault(message)) is not None:
        raise InputError(_error_text(number, fault))
    return message


def _process(callback: Callable[[dict[str, Any]], None], message: dict[str, Any], number: int) -> None:
    """Let the SDK process a message; its errors become ours, because their texts name fields, which may be data."""
    record = f"is a RECORD message of '{mask(message['stream'])}'"
    try:
        callback(message)
    except RecordsWithoutSchemaException:
        raise MissingSchemaError(_error_text(number, f"{record}, which no SCHEMA names")) from None
    except MissingKeyPropertiesError:
        raise MissingKeyError(_error_text(number, f"{record} that lacks a key property of its SCHEMA")) from None


def _find_fault(message: object) -> str | None:
    """Return what is wrong with a message; None if nothing is."""
    fields = message if isinstance(message, dict) else {}
    kind = str(fields.get("type"))
    if kind == SingerMessageType.BATCH:
        return "is a BATCH message, which this target does not read: remove batch_config from the tap"
    if kind not in FIELDS:
        return "is no Singer message: a tap writes SCHEMA, RECORD and STATE messages"
    for name, expected in FIELDS[kind].items():
        if name not in fields or not isinstance(fields[name], expected):
            return f"is a {kind} message whose '{name}' is missing or of the wrong type"
    stream = fields.get("stream", kind)
    if "stream" in FIELDS[kind] and not (stream.isprintable() and 0 < len(stream) <= MAX_NAME):
        # It would stand in lines of the log, ours and the SDK's.
        return f"is a {kind} message whose 'stream' is no name: empty, too long or not printable"
    return _find_schema_fault(fields, mask(stream)) if kind == SingerMessageType.SCHEMA else None


def _find_schema_fault(message: dict[str, Any], stream: str) -> str | None:
    if not isinstance(message["schema"].get("properties"), dict):
        return f"is a SCHEMA message of '{stream}' that declares no properties"
    keys = message.get("key_properties") or []
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        return f"is a SCHEMA message of '{stream}' whose 'key_properties' are no list of names"
    return None


def _error_text(number: int, fault: str) -> str:
    return f"line {number} of the input {fault}; nothing from there on was registered"
