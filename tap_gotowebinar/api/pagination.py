"""Lists in pages: reads each row once, and tells whether the list is complete."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from tap_gotowebinar.api.errors import RetriesExhaustedError
from tap_gotowebinar.api.responses import Page

MAX_PAGE_SIZE: Final = 200
"""Rows of a page, at most, on HAL lists (`size`) and on flat ones (`limit`)."""

MAX_PAGES: Final = 5000
"""Pages of one list: a million rows."""


class Listing(NamedTuple):
    """The rows of all pages, each once, and the highest total that a page states; None: none is stated."""

    rows: list[Any]
    total: int | None

    @property
    def is_complete(self) -> bool:
        """Whether there are as many rows as the list states."""
        return self.total is None or len(self.rows) == self.total


def read_pages(
    get: Callable[..., Page], path: str, read: Callable[[object], Page], *keys: str, size: str, **params: str
) -> Listing:
    """Return the rows of all pages.

    A list that changes while it is read in numbered pages repeats or skips rows. So the number of rows is compared with
    the total, and the list is read once more if they differ. A list that shrinks may skip a row and still have as many
    as its last page states, because a row that is gone was read before: the highest total of all pages counts.

    `keys` are the fields that identify a row; `size` names the parameter for the page's size: `size` on HAL lists,
    `limit` on flat ones.
    """

    def page(number: int) -> Page:
        return get(path, read, params={size: MAX_PAGE_SIZE, **params, "page": number})

    listing = _read_once(page, path, keys)
    return listing if listing.is_complete else _read_once(page, path, keys)


def _read_once(get: Callable[[int], Page], path: str, keys: tuple[str, ...]) -> Listing:
    rows: dict[object, list[Any]] = {}
    total: int | None = None
    for number in range(MAX_PAGES):
        page = get(number)
        # Rows of one page that share a key are rows of their own; on a later page they are the same rows once more.
        found: dict[object, list[Any]] = {}
        for place, row in enumerate(page.rows):
            found.setdefault(_identity(row, keys) or (number, place), []).append(row)
        is_new = bool(found.keys() - rows.keys())
        rows |= found
        total = page.total if page.total is None else max(page.total, total or 0)
        count = sum(map(len, rows.values()))
        if page.is_last or not is_new or count > (page.total or 0):
            return Listing([row for alike in rows.values() for row in alike], total)
    msg = f"gave up on {path}: after {MAX_PAGES} pages there is no end to it"
    raise RetriesExhaustedError(msg)


def _identity(row: object, keys: tuple[str, ...]) -> str | None:
    values = [row.get(key) for key in keys] if isinstance(row, dict) else [None]
    return None if None in values else "/".join(map(str, values))
