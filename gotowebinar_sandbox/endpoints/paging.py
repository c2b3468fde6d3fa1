"""The query of a list: its page, in GoTo's two envelopes (API reference, section 3), and its window of time."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from starlette.requests import Request

from gotowebinar_sandbox.data.models import parse_time
from gotowebinar_sandbox.endpoints.errors import bad_request

DEFAULT_SIZE = 20
LIMIT_MAX = 200

T = TypeVar("T")


class Page(NamedTuple):
    """The page asked for: its number from 0, and how many rows it may hold."""

    number: int
    size: int

    def rows(self, everything: Sequence[T], show: Callable[[T], object]) -> list[object]:
        """Return the rows of the page."""
        start = self.number * self.size
        return [show(one) for one in everything[start : start + self.size]]


def hal(request: Request, size_max: int, name: str, everything: Sequence[T], show: Callable[[T], object]) -> object:
    """Return a page the HAL way; without rows, ``_embedded`` is not there at all.

    Raises:
        ProductError: 400, the page or its size is not a number or out of range.
    """
    page = _page(request, "size", size_max)
    rows = page.rows(everything, show)
    total = len(everything)
    counters = {
        "size": page.size,
        "totalElements": total,
        "totalPages": -(-total // page.size),
        "number": page.number,
    }
    return {"_embedded": {name: rows}, "page": counters} if rows else {"page": counters}


def flat(request: Request, everything: Sequence[T], show: Callable[[T], object]) -> dict[str, Any]:
    """Return a page the flat way.

    Raises:
        ProductError: 400, the page or its size is not a number or out of range.
    """
    page = _page(request, "limit", LIMIT_MAX)
    rows = page.rows(everything, show)
    return {"data": rows, "total": len(everything), "page": page.number, "limit": page.size, "pageSize": len(rows)}


def window_of(request: Request) -> tuple[datetime, datetime]:
    """Read ``fromTime`` and ``toTime``.

    Raises:
        ProductError: 400, one is missing or no time, or they are the wrong way round.
    """
    start, end = _time(request, "fromTime"), _time(request, "toTime")
    if start > end:
        message = "fromTime is after toTime."
        raise bad_request(message, "fromTime")
    return start, end


def _page(request: Request, size_name: str, size_max: int) -> Page:
    """Read the page asked for; a size over the maximum is cut to it."""
    number = _integer(request, "page", 0, least=0)
    return Page(number, min(size_max, _integer(request, size_name, DEFAULT_SIZE, least=1)))


def _integer(request: Request, name: str, default: int, least: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or int(text) < least:
        message = f"{name} must be an integer of at least {least}."
        raise bad_request(message, name)
    return int(text)


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
