"""What can be wrong with the input of the target; each text is one line and shows nothing of the input."""

from __future__ import annotations

from singer_sdk.exceptions import MissingKeyPropertiesError, RecordsWithoutSchemaException

from tap_gotowebinar.api.errors import GoToWebinarError


class InputError(GoToWebinarError):
    """The input is not what a tap writes."""


class MissingSchemaError(InputError, RecordsWithoutSchemaException):
    """A record of a stream that no SCHEMA message has declared."""


class MissingKeyError(InputError, MissingKeyPropertiesError):
    """A record without one of the key properties of its SCHEMA."""
