"""Reads the window of time that a call asks for."""

from datetime import datetime

from starlette.requests import Request

from gotowebinar_sandbox.data.clock import instant
from gotowebinar_sandbox.endpoints.errors import bad_request


def window_of(request: Request) -> tuple[datetime, datetime]:
    """Read ``fromTime`` and ``toTime``.

    Raises:
        ProductError: 400, one is missing or no time, or they are the wrong way round.
    """
    start, end = time_of(request, "fromTime"), time_of(request, "toTime")
    if start > end:
        message = "fromTime is after toTime."
        raise bad_request(message, "fromTime")
    return start, end


def time_of(request: Request, name: str) -> datetime:
    """Read a time.

    Raises:
        ProductError: 400, it is missing or no time.
    """
    text = request.query_params.get(name)
    if text is None:
        message = f"{name} is required."
        raise bad_request(message, name)
    try:
        return instant(text)
    except ValueError:
        message = f"{name} is not an ISO 8601 time."
        raise bad_request(message, name) from None
