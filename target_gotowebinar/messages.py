"""Singer messages in: each line a whole message, or one clear error that shows nothing of it."""

from __future__ import annotations

import json
from collections import Counter
from typing import IO, TYPE_CHECKING, Any, Final

from singer_sdk.exceptions import MissingKeyPropertiesError, RecordsWithoutSchemaException
from singer_sdk.singerlib.encoding.base import GenericSingerReader, SingerMessageType
from typing_extensions import override

from tap_gotowebinar.api.redaction import mask
from target_gotowebinar.errors import InputError, MissingKeyError, MissingSchemaError

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_gotowebinar.sink import Registrations

DELETED: Final = "_sdc_deleted_at"
"""Field with which a tap says that a row is gone."""

MAX_NAME: Final = 200
"""Characters of the name of a stream."""

FIELDS: Final[dict[str, dict[str, type]]] = {
    SingerMessageType.SCHEMA: {"stream": str, "schema": dict},
    SingerMessageType.RECORD: {"stream": str, "record": dict},
    SingerMessageType.STATE: {"value": object},
    SingerMessageType.ACTIVATE_VERSION: {},
}
"""Which fields a message of each kind must have, and of which type."""


class MessageReader(GenericSingerReader[bytes]):
    """Reads messages and hands them on."""

    def __init__(self, registrations: Callable[[], Registrations]) -> None:
        """Read nothing before there is somewhere to hand it on to."""
        super().__init__()
        self._registrations = registrations

    @property
    @override
    def default_input(self) -> IO[bytes]:
        """Never asked for: `Registrations.lines` knows it."""
        raise NotImplementedError

    @override
    def deserialize_json(self, line: bytes) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(line)
        return value

    @override
    def process_lines(
        self, file_input: IO[Any] | None, callbacks: dict[str, Callable[[dict[str, Any]], None]]
    ) -> Counter[str]:
        """Hand on each message, in order.

        Raises:
            InputError: a line is no message of a kind that is known here.
        """
        registrations, counts = self._registrations(), Counter[str]()
        for number, line in enumerate(registrations.lines(file_input), start=1):
            if not line.strip():
                continue
            message = self._checked(line, number)
            kind = message["type"]
            counts[kind] += 1
            if kind == SingerMessageType.STATE:
                registrations.forward_state(message["value"])
            elif kind != SingerMessageType.ACTIVATE_VERSION:
                # A new version of a table says nothing about people.
                registrations.is_deletion = message.get("record", {}).get(DELETED) is not None
                _hand_on(callbacks[kind], message, number)
        return counts

    def _checked(self, line: bytes, number: int) -> dict[str, Any]:
        """Return the message in a line.

        Raises:
            InputError: it is none that is known here.
        """
        try:
            message = self.deserialize_json(line)
        except (ValueError, RecursionError):
            is_whole = line.endswith(b"\n")
            torn = "breaks off in the middle of a message: the tap has failed, see its log"
            raise InputError(_at(number, "is not JSON" if is_whole else torn)) from None
        if (fault := _fault(message)) is not None:
            raise InputError(_at(number, fault))
        return message


def _hand_on(callback: Callable[[dict[str, Any]], None], message: dict[str, Any], number: int) -> None:
    """Hand on a message.

    Raises:
        MissingSchemaError, MissingKeyError: the SDK cannot use it; its own texts name fields, which may be data.
    """
    record = f"is a RECORD message of '{mask(message['stream'])}'"
    try:
        callback(message)
    except RecordsWithoutSchemaException:
        raise MissingSchemaError(_at(number, f"{record}, which no SCHEMA names")) from None
    except MissingKeyPropertiesError:
        raise MissingKeyError(_at(number, f"{record} that lacks a key property of its SCHEMA")) from None


def _fault(message: object) -> str | None:
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
    return _schema_fault(fields, mask(stream)) if kind == SingerMessageType.SCHEMA else None


def _schema_fault(message: dict[str, Any], stream: str) -> str | None:
    if not isinstance(message["schema"].get("properties"), dict):
        return f"is a SCHEMA message of '{stream}' that declares no properties"
    keys = message.get("key_properties") or []
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        return f"is a SCHEMA message of '{stream}' whose 'key_properties' are no list of names"
    return None


def _at(number: int, fault: str) -> str:
    return f"line {number} of the input {fault}; nothing from there on was registered"
