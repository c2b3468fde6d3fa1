"""Calls to GoTo on account of one stream, and the records of the answers."""

import functools
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, TypeVar

from tap_gotowebinar.api import responses
from tap_gotowebinar.api.client import FORBIDDEN_STATUSES, ApiClient
from tap_gotowebinar.api.errors import InvalidRowError, MalformedResponseError
from tap_gotowebinar.api.pagination import Listing, read_pages
from tap_gotowebinar.api.responses import Page
from tap_gotowebinar.api.stats import StreamStats
from tap_gotowebinar.records.reader import RecordReader
from tap_gotowebinar.records.record_list import Merge, RecordList, read_rows

T = TypeVar("T")


@dataclass(frozen=True)
class StreamClient:
    """Makes calls and counts them for one stream; for any thread.

    `waiting` surrounds a wait of the main thread: a signal may end it.
    """

    client: ApiClient
    reader: RecordReader
    stats: StreamStats
    waiting: Callable[[], AbstractContextManager[None]]

    def get(
        self,
        path: str,
        read: Callable[[object], T],
        *,
        params: Mapping[str, str | int] | None = None,
        forbidden_statuses: frozenset[int] = FORBIDDEN_STATUSES,
    ) -> T:
        """Return what `read` makes of the answer; raises what `ApiClient.get` raises."""
        return self.client.get(path, read, self.stats, params=params, forbidden_statuses=forbidden_statuses)

    def get_single(self, path: str, asked: Mapping[str, str]) -> dict[str, Any]:
        """Return the record of an answer that is one object; it leaves out the keys in `asked` that GoTo leaves out."""
        return self.get(path, functools.partial(self._read_single, asked))

    def get_list(self, path: str, merge: Merge | None = None) -> RecordList:
        """Return the records of a list that comes in one answer."""
        return self.get(path, lambda body: read_rows(self.reader, responses.array(body).rows, merge=merge))

    def get_pages(self, path: str, read: Callable[[object], Page], *keys: str, size: str, **params: str) -> RecordList:
        """Return the records of all pages of a list; see `read_pages`."""
        listing = self.pages(path, read, *keys, size=size, **params)
        return read_rows(self.reader, listing.rows, total=listing.total)

    def pages(self, path: str, read: Callable[[object], Page], *keys: str, size: str, **params: str) -> Listing:
        """Return the rows of all pages; see `read_pages`."""
        return read_pages(self.get, path, read, *keys, size=size, **params)

    def wait_for(self, call: Callable[[], T]) -> T:
        """Make a call on the main thread; a signal may end it."""
        with self.waiting():
            return call()

    def _read_single(self, asked: Mapping[str, str], body: object) -> dict[str, Any]:
        try:
            record = self.reader.read(responses.single(body))
        except InvalidRowError as error:
            msg = f"the answer has {error}"
            raise MalformedResponseError(msg) from None
        if any(record[key] != asked[key] for key in self.reader.keys):
            msg = "the answer is about another key than the one asked for"
            raise MalformedResponseError(msg)
        return {name: value for name, value in record.items() if value is not None or name not in asked}
