"""The shapes in which GoTo wraps rows, and the rows inside.

HAL (`_embedded.<name>` and `page`), bare arrays, and a flat object (`data`, `total`). An answer is empty only when
it says so: a HAL answer that lost its `_embedded` but counts elements is broken, not empty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tap_gotowebinar.errors import BrokenAnswerError

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_PAGE_SIZE: Final = 200
"""Rows a page may hold at the most, on HAL lists (`size`) and on flat ones (`limit`)."""


class Page(NamedTuple):
    """Rows of one answer.

    Attributes:
        rows: The rows as they came.
        total: Rows that all pages hold together; None when the answer does not say.
        is_last: Whether no further page is to be asked for.
    """

    rows: list[Any]
    total: int | None
    is_last: bool


def hal(name: str) -> Callable[[object], Page]:
    """Return a reader of HAL answers whose rows are under `_embedded.<name>`."""

    def read(body: object) -> Page:
        counters = _mapping(body).get("page")
        if not isinstance(counters, dict):
            return array(body)
        total, pages, number = (_count(counters.get(key)) for key in ("totalElements", "totalPages", "number"))
        rows = _mapping(_mapping(body).get("_embedded")).get(name)
        if rows is None and total == 0:
            rows = []
        if not isinstance(rows, list) or total is None:
            raise BrokenAnswerError(_BROKEN.format(f"rows under _embedded.{name}"))
        is_last = not rows or (pages is not None and number is not None and number + 1 >= pages)
        return Page(rows, total, is_last)

    return read


def array(body: object) -> Page:
    """Read a bare array, or the flat object that the same path answers with when it is paged.

    Raises:
        BrokenAnswerError: neither of the two.
    """
    if isinstance(body, list):
        return Page(body, None, is_last=True)
    rows, total = _mapping(body).get("data"), _count(_mapping(body).get("total"))
    if not isinstance(rows, list) or total is None:
        raise BrokenAnswerError(_BROKEN.format("an array, or data and total"))
    page, limit = (_count(_mapping(body).get(key)) for key in ("page", "limit"))
    if not rows and total > 0 and not page:
        raise BrokenAnswerError(_BROKEN.format(f"some of its {total} rows"))
    is_last = not rows or (page is not None and bool(limit) and (page + 1) * (limit or 0) >= total)
    return Page(rows, total, is_last)


def single(body: object) -> dict[str, Any]:
    """Read one object.

    Raises:
        BrokenAnswerError: anything else, or an object without fields.
    """
    if not isinstance(body, dict) or not body:
        raise BrokenAnswerError(_BROKEN.format("an object"))
    return body


_BROKEN: Final = "the answer should hold {} and does not"


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _count(value: object) -> int | None:
    if isinstance(value, str) and value.isdecimal():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
