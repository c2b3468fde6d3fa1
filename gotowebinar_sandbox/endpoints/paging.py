"""Pages of lists, in GoTo's two envelopes (API reference, section 3)."""

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from gotowebinar_sandbox.endpoints.errors import bad_request

DEFAULT_SIZE = 20
LIMIT_MAX = 200


@dataclass(frozen=True)
class Page:
    """The page asked for: its number from 0, and how many rows it may hold."""

    number: int
    size: int

    @property
    def start(self) -> int:
        """Index of its first row."""
        return self.number * self.size


def page_of(request: Request, size_name: str, size_max: int) -> Page:
    """Read the page asked for; a size over the maximum is cut to it.

    Raises:
        ProductError: 400, not a number or out of range.
    """
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


def hal(items_name: str, rows: list[Any], total: int, page: Page) -> dict[str, Any]:
    """Wrap rows the HAL way: without any, ``_embedded`` is not there at all."""
    counters = {
        "size": page.size,
        "totalElements": total,
        "totalPages": -(-total // page.size),
        "number": page.number,
    }
    return {"_embedded": {items_name: rows}, "page": counters} if rows else {"page": counters}


def flat(rows: list[Any], total: int, page: Page) -> dict[str, Any]:
    """Wrap rows the flat way."""
    return {"data": rows, "total": total, "page": page.number, "limit": page.size, "pageSize": len(rows)}
