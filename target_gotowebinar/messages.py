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

    from target_gotowebinar.inbox import Line
    from target_gotowebinar.sink import Registrations

DELETED: Final = "_sdc_deleted_at"
"""Field with which a tap says that a row is gone; it would make a registration of somebody who was deleted."""

MAX_NAME: Final = 200
"""Characters of the name of a stream."""


class MessageReader(GenericSingerReader[str]):
    """Reads messages and hands them on.

    Attributes:
        is_deletion: Whether the record that is being handed on is that of a deleted row.
    """

    def __init__(self, registrations: Callable[[], Registrations]) -> None:
        """Read nothing yet.

        Args:
            registrations: Returns who has the lines of the input, and takes STATE.
        """
        super().__init__()
        self._desk = registrations
        self.is_deletion = False

    @property
    @override
    def default_input(self) -> IO[str]:
        """Never asked for: the registrations knows it."""
        raise NotImplementedError

    @override
    def deserialize_json(self, line: str | bytes) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(line)
        return value

    @override
    def process_lines(
        self,
        file_input: IO[str] | None,
        callbacks: dict[str, Callable[[dict[str, Any]], None]],
    ) -> Counter[str]:
        """Hand on each message, in order.

        Raises:
            InputError: a line is no message of a kind that is known here.
        """
        registrations, counts = self._desk(), Counter[str]()
        for number, line in enumerate(registrations.lines(file_input), start=1):
            if not line.strip():
                continue
            message = _checked(self.deserialize_json, line, number)
            kind = message["type"]
            counts[kind] += 1
            if kind == SingerMessageType.STATE:
                registrations.state(message["value"])
            elif kind != SingerMessageType.ACTIVATE_VERSION:
                # A new version of a table says nothing about people.
                self.is_deletion = _is_deletion(message)
                _hand_on(callbacks[kind], message, number)
        return counts


def _hand_on(callback: Callable[[dict[str, Any]], None], message: dict[str, Any], number: int) -> None:
    """Hand on a message.

    Raises:
        MissingSchemaError, MissingKeyError: the SDK has no use for it; its own texts name fields, which may be data.
    """
    try:
        callback(message)
    except RecordsWithoutSchemaException:
        fault = f"is a RECORD message of '{mask(message['stream'])}', which no SCHEMA names"
        raise MissingSchemaError(_said(number, fault)) from None
    except MissingKeyPropertiesError:
        fault = f"is a RECORD message of '{mask(message['stream'])}' that lacks a key property of its SCHEMA"
        raise MissingKeyError(_said(number, fault)) from None


def _checked(decode: Callable[[Line], dict[str, Any]], line: Line, number: int) -> dict[str, Any]:
    """Return the message in a line.

    Raises:
        InputError: it is none that is known here.
    """
    try:
        message = decode(line)
    except (ValueError, RecursionError):
        is_whole = line[-1:] in {"\n", b"\n"}
        fault = "is not JSON" if is_whole else "breaks off in the middle of a message: the tap has failed, see its log"
        raise _trouble(number, fault) from None
    kind = message.get("type") if isinstance(message, dict) else None
    if kind == SingerMessageType.BATCH:
        raise _trouble(number, "is a BATCH message, which this target does not read: remove batch_config from the tap")
    rules = _RULES.get(kind) if isinstance(kind, str) else None
    if rules is None:
        raise _trouble(number, "is no Singer message: a tap writes SCHEMA, RECORD and STATE messages")
    for name, expected in rules.items():
        if not isinstance(message.get(name, _MISSING), expected):
            raise _trouble(number, f"is a {kind} message whose '{name}' is missing or of the wrong type")
    if "stream" in rules and not (message["stream"].isprintable() and 0 < len(message["stream"]) <= MAX_NAME):
        # It would stand in lines of the log, ours and the SDK's.
        raise _trouble(number, f"is a {kind} message whose 'stream' is no name: empty, too long or not printable")
    if kind == SingerMessageType.SCHEMA:
        stream = mask(message["stream"])
        if not isinstance(message["schema"].get("properties"), dict):
            raise _trouble(number, f"is a SCHEMA message of '{stream}' that declares no properties")
        if not _is_list_of_texts(message.get("key_properties") or []):
            raise _trouble(number, f"is a SCHEMA message of '{stream}' whose 'key_properties' are no list of names")
    return message


class _Missing:
    """Of no type that is expected."""


_MISSING: Final = _Missing()

_JSON: Final = (dict, list, str, int, float, bool, type(None))

_RULES: Final[dict[str, dict[str, type | tuple[type, ...]]]] = {
    "SCHEMA": {"stream": str, "schema": dict},
    "RECORD": {"stream": str, "record": dict},
    "STATE": {"value": _JSON},
    "ACTIVATE_VERSION": {},
}
"""Which fields a message of each kind must have."""


def _is_list_of_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_deletion(message: dict[str, Any]) -> bool:
    return message.get("record", {}).get(DELETED) is not None


def _trouble(number: int, fault: str) -> InputError:
    return InputError(_said(number, fault))


def _said(number: int, fault: str) -> str:
    return f"line {number} of the input {fault}; nothing from there on was registered"
