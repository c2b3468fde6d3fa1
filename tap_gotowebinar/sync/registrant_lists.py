"""The registrants of one webinar: a list that says whether it is complete, or an error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from tap_gotowebinar.api import responses as envelopes
from tap_gotowebinar.api.errors import RetriesExhaustedError

if TYPE_CHECKING:
    from tap_gotowebinar.records.reader import RecordReader
    from tap_gotowebinar.streams.base import GoToWebinarStream
    from tap_gotowebinar.sync.registrant_bookmarks import Row, Rows

ROUND_LENGTH: Final = 100
"""An answer whose length is a multiple of this, and at least twice as long, may have been capped silently."""


class RegistrantList(NamedTuple):
    """The registrants of one webinar.

    Attributes:
        rows: Their records by registrantKey, in the order of the answer.
        is_complete: Whether these are all of them.
    """

    rows: Rows
    is_complete: bool


class RegistrantLists:
    """Reads lists of registrants; for any thread."""

    def __init__(self, reader: RecordReader) -> None:
        """Read nothing yet.

        Args:
            reader: Makes records of list rows.
        """
        self._reader = reader

    def read(self, path: str, stream: GoToWebinarStream, *, known: int) -> RegistrantList:
        """Return a webinar's list, each registrant once.

        Args:
            path: The list's endpoint.
            stream: On whose account the calls are made.
            known: How many registrants it had before. A list that lost more than half is read twice.
        """
        listing = self._read(path, stream)
        return self._read(path, stream) if 2 * len(listing.rows) < known else listing

    def _read(self, path: str, stream: GoToWebinarStream) -> RegistrantList:
        try:
            # Without `page` and `limit` the list is one consistent snapshot.
            page = stream.call(path, self._checked, decode=self._reader.decode_rows)
        except RetriesExhaustedError as error:
            stream.logger.warning("%s; trying it in pages", error)
            return self._paged(path, stream)
        if page.total is None and len(page.rows) >= 2 * ROUND_LENGTH and len(page.rows) % ROUND_LENGTH == 0:
            total = stream.call(path, envelopes.array, params={"page": 0, "limit": 1}).total
            if total is not None and total > len(page.rows):
                return self._paged(path, stream)
        elif page.total is not None and len(page.rows) != page.total:
            return self._paged(path, stream)
        return RegistrantList(_by_key(page.rows), is_complete=True)

    def _paged(self, path: str, stream: GoToWebinarStream) -> RegistrantList:
        listing = stream.pages(path, self._checked, "registrantKey", size="limit")
        return RegistrantList(_by_key(listing.rows), is_complete=listing.is_complete)

    def _checked(self, body: object) -> envelopes.Page:
        page = envelopes.array(body)
        return page._replace(rows=self._reader.read_all(page.rows))


def _by_key(rows: list[Row]) -> Rows:
    return {int(row["registrantKey"]): row for row in rows}
