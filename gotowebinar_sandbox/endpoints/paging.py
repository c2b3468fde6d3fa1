"""Query parameters of lists: pages, in GoTo's two envelopes (API reference, section 3), and time windows."""

import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from gotowebinar_sandbox.data.models import parse_time
from gotowebinar_sandbox.endpoints.errors import bad_request, json_response
from gotowebinar_sandbox.options import Options

DEFAULT_SIZE = 20
LIMIT_MAX = 200

T = TypeVar("T")


def hal(
    request: Request, options: Options, name: str, everything: Sequence[T], show: Callable[[T], object]
) -> Response:
    """Return a page in the HAL envelope; without rows it has no ``_embedded``."""
    page, size, total = (
        _page(request),
        _integer(request, "size", DEFAULT_SIZE, 1, options.hal_page_max),
        len(everything),
    )
    rows = [show(one) for one in everything[page * size : (page + 1) * size]]
    counters = {"size": size, "totalElements": total, "totalPages": -(-total // size), "number": page}
    return json_response({"_embedded": {name: rows}, "page": counters} if rows else {"page": counters})


def flat(request: Request, everything: Sequence[T], show: Callable[[T], object]) -> dict[str, Any]:
    """Return a page in the flat envelope."""
    page, limit = _page(request), _integer(request, "limit", DEFAULT_SIZE, 1, LIMIT_MAX)
    rows = [show(one) for one in everything[page * limit : (page + 1) * limit]]
    return {"data": rows, "total": len(everything), "page": page, "limit": limit, "pageSize": len(rows)}


def window_of(request: Request) -> tuple[datetime, datetime]:
    """Return ``fromTime`` and ``toTime``; both are required, in this order."""
    start, end = _time(request, "fromTime"), _time(request, "toTime")
    if start > end:
        message = "fromTime is after toTime."
        raise bad_request(message, "fromTime")
    return start, end


def _page(request: Request) -> int:
    return _integer(request, "page", 0, 0, sys.maxsize)


def _integer(request: Request, name: str, default: int, least: int, most: int) -> int:
    """Return a parameter; a value above the maximum is reduced to it."""
    text = request.query_params.get(name, str(default))
    if not text.isascii() or not text.isdigit() or int(text) < least:
        message = f"{name} must be an integer of at least {least}."
        raise bad_request(message, name)
    return min(most, int(text))


def _time(request: Request, name: str) -> datetime:
    text = request.query_params.get(name)
    if text is None:
        message = f"{name} is required."
        raise bad_request(message, name)
    try:
        return parse_time(text)
    except ValueError:
        message = f"{name} is not an ISO 8601 time."
        raise bad_request(message, name) from None
