"""The registrants of one webinar: a list that is complete, or an error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tap_gotowebinar import envelopes
from tap_gotowebinar.errors import GaveUpError

if TYPE_CHECKING:
    from tap_gotowebinar.client import ChildStream
    from tap_gotowebinar.records import RecordReader

ROUND_LENGTH: Final = 100
"""An answer whose length is a multiple of this, and at least twice as long, may have been capped silently."""


class RegistrantLists:
    """Reads complete lists of registrants; for any thread."""

    def __init__(self, reader: RecordReader) -> None:
        """Read nothing yet.

        Args:
            reader: Makes records of list rows.
        """
        self._reader = reader

    def read(self, path: str, stream: ChildStream, *, known: int) -> list[dict[str, Any]]:
        """Return the records of a webinar's list, each registrant once.

        Args:
            path: The list's endpoint.
            stream: On whose account the calls are made.
            known: How many registrants it had before. A list that lost more than half is read twice.
        """
        rows = self._read(path, stream)
        return rows if 2 * len(rows) >= known else self._read(path, stream)

    def _read(self, path: str, stream: ChildStream) -> list[dict[str, Any]]:
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
        elif not page.is_last:
            return self._paged(path, stream)
        return self._distinct(page.rows)

    def _paged(self, path: str, stream: ChildStream) -> list[dict[str, Any]]:
        return self._distinct(stream.pages(path, self._checked, "registrantKey", size="limit"))

    def _checked(self, body: object) -> envelopes.Page:
        page = envelopes.array(body)
        return page._replace(rows=[self._reader.read(row) for row in page.rows])

    @staticmethod
    def _distinct(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return list({row["registrantKey"]: row for row in rows}.values())
