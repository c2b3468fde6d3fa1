"""The error shapes of GoTo's interfaces (API reference, section 7)."""

from dataclasses import dataclass, field
from typing import Any

import msgspec
from starlette.responses import Response

INVALID_TOKEN = {"int_err_code": "InvalidToken", "msg": "Invalid token passed"}
INCIDENT = 7_104_533_091_288_440_001


@dataclass
class ProductError(Exception):
    """Something the product interface refuses.

    Attributes:
        status: HTTP status.
        error_code: Short name of the problem.
        description: The problem in words.
        more: Further fields of the body, such as ``field``, which names the culprit.
    """

    status: int
    error_code: str
    description: str
    more: dict[str, Any] = field(default_factory=dict)

    def response(self) -> Response:
        """Return the answer that says so."""
        shape = {"errorCode": self.error_code, "description": self.description, "incident": INCIDENT}
        return json_response({**shape, **self.more}, self.status)


def bad_request(description: str, culprit: str) -> ProductError:
    """Return the refusal of a malformed call; ``culprit`` names the parameter or field."""
    return ProductError(400, "InvalidRequest", description, {"field": culprit})


def not_permitted() -> ProductError:
    """Return the refusal for lack of permission: 403 too, as for a bad token."""
    return ProductError(403, "AccessDenied", "The user is not authorized to access this resource.")


def not_found(key: int, what: str) -> ProductError:
    """Return the answer for a webinar, session or registrant that is unknown, gone, or somebody else's."""
    return ProductError(404, f"NoSuch{what.title()}", f"No {what} found for the {what} key {key}.")


def json_response(value: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Answer with a value as JSON; keys keep all their digits."""
    return Response(msgspec.json.encode(value), status, headers, media_type="application/json")
