"""The registrants of one webinar: read once per run, whatever the number of streams that want them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tap_gotowebinar import envelopes
from tap_gotowebinar.errors import GaveUpError, NotFoundError, RefusedError

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
        self._outcome: list[dict[str, Any]] | Exception = []

    def read(self, path: str, stream: ChildStream, *, known: int) -> list[dict[str, Any]]:
        """Return the records of a webinar's list, each registrant once.

        The answer is remembered until another list is asked for, and so is a failure.

        Args:
            path: The list's endpoint.
            stream: On whose account the call is made, if there has to be one.
            known: How many registrants it had before. A list that lost more than half is read twice.
        """
        if path != self._path:
            try:
                self._outcome = self._read(path, stream)
                if 2 * len(self._outcome) < known:
                    self._outcome = self._read(path, stream)
            except (RefusedError, NotFoundError, GaveUpError) as error:
                self._outcome = error
            self._path = path
        if isinstance(self._outcome, Exception):
            raise self._outcome
        return self._outcome

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
