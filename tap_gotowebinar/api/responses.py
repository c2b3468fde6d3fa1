"""The envelopes of GoTo's lists: HAL (`_embedded.<name>` and `page`), bare arrays, flat objects (`data`, `total`).

A response is empty only if it says so: one that has no rows and counts some is malformed, not empty.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from tap_gotowebinar.api.errors import MalformedResponseError

ROUND_LENGTH: Final = 100
"""A bare array whose length is a multiple of this, and at least twice as long, may have been capped."""


class Page(NamedTuple):
    """The rows of one response.

    Attributes:
        rows: The rows, unchanged.
        total: Rows of all pages together; None if the response does not say.
        is_last: Whether there is no further page.
    """

    rows: list[Any]
    total: int | None
    is_last: bool


def hal(name: str) -> Callable[[object], Page]:
    """Return a reader of HAL responses whose rows are under `_embedded.<name>`."""

    def read(body: object) -> Page:
        counters = _mapping(body).get("page")
        if not isinstance(counters, dict):
            return array(body)
        total, pages, number = (_count(counters.get(key)) for key in ("totalElements", "totalPages", "number"))
        # Without any rows `_embedded` is not there at all.
        rows = _mapping(_mapping(body).get("_embedded")).get(name)
        rows = [] if rows is None else rows
        if not isinstance(rows, list) or total is None:
            raise MalformedResponseError(_BROKEN.format(f"rows under _embedded.{name}, and page.totalElements"))
        return _page(rows, total, number, pages)

    return read


def array(body: object) -> Page:
    """Read a bare array, or the flat object that the same path returns with paging; raises MalformedResponseError."""
    if isinstance(body, list):
        return Page(body, None, is_last=True)
    rows, total = _mapping(body).get("data"), _count(_mapping(body).get("total"))
    if not isinstance(rows, list) or total is None:
        raise MalformedResponseError(_BROKEN.format("an array, or data and total"))
    number, limit = (_count(_mapping(body).get(key)) for key in ("page", "limit"))
    return _page(rows, total, number, -(-total // limit) if limit else None)


def may_be_capped(page: Page) -> bool:
    """Return whether a bare array may have been cut silently: its length is a multiple of 100, and at least 200."""
    return page.total is None and len(page.rows) >= 2 * ROUND_LENGTH and len(page.rows) % ROUND_LENGTH == 0


def single(body: object) -> dict[str, Any]:
    """Read one object with fields; raises MalformedResponseError for anything else."""
    if not isinstance(body, dict) or not body:
        raise MalformedResponseError(_BROKEN.format("an object with fields"))
    return body


_BROKEN: Final = "the answer should hold {} and does not"


def _page(rows: list[Any], total: int, number: int | None, pages: int | None) -> Page:
    """Return page `number`, counted from 0; raises MalformedResponseError if it has lost its rows."""
    # A list that became shorter while it was read ends before a later page.
    is_beyond = bool(number) and (pages is None or (number or 0) >= pages)
    if not rows and total > 0 and not is_beyond:
        raise MalformedResponseError(_BROKEN.format(f"some of the {total} rows it counts"))
    is_known_last = number is not None and pages is not None and number + 1 >= pages
    return Page(rows, total, is_last=not rows or len(rows) >= total or is_known_last)


_DIGITS: Final = re.compile(r"[0-9]{1,18}")


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _count(value: object) -> int | None:
    return int(value) if isinstance(value, str | int) and _DIGITS.fullmatch(str(value)) else None


MAX_KEY: Final = 2**64 - 1
"""Keys are documented as int64; the bookmarks have room for this."""


def is_key(value: object) -> bool:
    """Return whether a value, as it comes out, can be a key of GoTo: a number of up to 20 digits, kept as text."""
    if not isinstance(value, str) or not value.isascii() or not value.isdecimal():
        return False
    return len(value) < len(str(MAX_KEY)) or (len(value) == len(str(MAX_KEY)) and int(value) <= MAX_KEY)


def are_keys(values: Sequence[str]) -> bool:
    """Return whether all texts are keys of fewer digits than the largest, as almost all lists have; False may be wrong.

    Raises:
        TypeError: one of them is no text.
    """
    digits = "".join(values)
    lengths = set(map(len, values))
    return digits.isascii() and digits.isdecimal() and 0 not in lengths and max(lengths) < len(str(MAX_KEY))
