"""The error shapes of GoTo's interfaces (API reference, section 7)."""

from dataclasses import dataclass, field
from typing import Any

import msgspec
from starlette.responses import Response

INVALID_TOKEN = {"int_err_code": "InvalidToken", "msg": "Invalid token passed"}
INCIDENT = 7_104_533_091_288_440_001


@dataclass
class ProductError(Exception):
    """An error response of the product interface.

    Attributes:
        status: HTTP status.
        error_code: Short name of the problem.
        description: The problem in words.
        more: Additional fields of the body, such as ``field``, the name of the wrong parameter.
    """

    status: int
    error_code: str
    description: str
    more: dict[str, Any] = field(default_factory=dict)

    def response(self) -> Response:
        """Return the response."""
        shape = {"errorCode": self.error_code, "description": self.description, "incident": INCIDENT}
        return json_response({**shape, **self.more}, self.status)


def bad_request(description: str, parameter: str) -> ProductError:
    """Return the error of a malformed call; ``parameter`` is the name of the parameter or field."""
    return ProductError(400, "InvalidRequest", description, {"field": parameter})


def not_permitted() -> ProductError:
    """Return the error for a missing permission; its status is 403, as for a bad token."""
    return ProductError(403, "AccessDenied", "The user is not authorized to access this resource.")


def not_found(key: int, what: str) -> ProductError:
    """Return the error for a webinar, session or registrant that is unknown, deleted, or somebody else's."""
    return ProductError(404, f"NoSuch{what.title()}", f"No {what} found for the {what} key {key}.")


def json_response(value: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return a response with a value as JSON; keys keep all their digits."""
    return Response(msgspec.json.encode(value), status, headers, media_type="application/json")
