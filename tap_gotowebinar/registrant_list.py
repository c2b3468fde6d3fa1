"""The registrants of one webinar: read once per run, whatever the number of streams that want them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tap_gotowebinar import envelopes
from tap_gotowebinar.envelopes import Listing
from tap_gotowebinar.errors import GaveUpError

if TYPE_CHECKING:
    from tap_gotowebinar.client import ChildStream
    from tap_gotowebinar.records import RecordReader

ROUND_LENGTH: Final = 100
"""An answer whose length is a multiple of this, and at least twice as long, may have been capped silently."""


class RegistrantLists:
    """Lists of registrants, one at a time: the streams of a webinar follow one another."""

    def __init__(self, reader: RecordReader) -> None:
        """Hold nothing yet.

        Args:
            reader: Makes records of list rows.
        """
        self._reader = reader
        self._path = ""
        self._list: Listing | None = None

    def holds(self, path: str) -> bool:
        """Whether a list has been asked for already, and asking again costs no call."""
        return path == self._path

    def read(self, path: str, stream: ChildStream, *, known: int) -> Listing | None:
        """Return the records of a webinar's list, each registrant once.

        The answer is remembered until another list is asked for. A failure is raised to the stream that asked first,
        which counts it; those after it get None.

        Args:
            path: The list's endpoint.
            stream: On whose account the call is made, if there has to be one.
            known: How many registrants it had before. A list that lost more than half is read twice.
        """
        if not self.holds(path):
            self._path, self._list = path, None
            listing = self._read(path, stream)
            self._list = self._read(path, stream) if 2 * len(listing.rows) < known else listing
        return self._list

    def _read(self, path: str, stream: ChildStream) -> Listing:
        try:
            # Without `page` and `limit` the list is one consistent snapshot.
            page = stream.call(path, self._checked)
        except GaveUpError as error:
            stream.logger.warning("%s; trying it in pages", error)
            return self._paged(path, stream)
        if page.total is None and len(page.rows) >= 2 * ROUND_LENGTH and len(page.rows) % ROUND_LENGTH == 0:
            total = stream.call(path, envelopes.array, params={"page": 0, "limit": 1}).total
            if total is not None and total > len(page.rows):
                return self._paged(path, stream)
        elif page.total is not None and len(page.rows) != page.total:
            return self._paged(path, stream)
        rows = {row["registrantKey"]: row for row in page.rows}
        return Listing(list(rows.values()), is_complete=True)

    def _paged(self, path: str, stream: ChildStream) -> Listing:
        return stream.pages(path, self._checked, "registrantKey", size="limit")

    def _checked(self, body: object) -> envelopes.Page:
        page = envelopes.array(body)
        return page._replace(rows=[self._reader.read(row) for row in page.rows])
