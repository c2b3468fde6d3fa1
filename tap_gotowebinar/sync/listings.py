"""The webinars, sessions and registrants of a run: lists that show whether they are complete."""

import datetime as dt
import functools
import logging
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Final

from singer_sdk.helpers.types import Record

from tap_gotowebinar.api import responses
from tap_gotowebinar.api.client import API
from tap_gotowebinar.api.errors import ForbiddenError, NotFoundError, RetriesExhaustedError
from tap_gotowebinar.api.responses import is_key
from tap_gotowebinar.records.record_list import RecordList, read_rows
from tap_gotowebinar.records.timestamps import to_iso_seconds
from tap_gotowebinar.sync.bookmarks.listed_webinars import ListedWebinarsBookmark, WebinarList
from tap_gotowebinar.sync.bookmarks.streams import StreamBookmarks
from tap_gotowebinar.sync.organizers import OrganizerScope
from tap_gotowebinar.sync.report import Report
from tap_gotowebinar.sync.stream_client import StreamClient

logger = logging.getLogger("tap-gotowebinar")

WINDOW_MARGIN: Final = dt.timedelta(days=1)
"""Added on both sides: GoTo does not say whether its filters test the start, the end or the overlap."""

LOOKAHEAD: Final = dt.timedelta(days=3653)
"""How far ahead webinars are listed: ten years. The API requires an end."""


@dataclass
class WebinarListing:
    """The webinars of the configured organizers or of the whole account, listed when first asked for.

    `bookmarks` tell which of those that earlier runs have listed are missing.
    """

    organizers: OrganizerScope
    report: Report
    client: StreamClient
    now: dt.datetime
    bookmarks: StreamBookmarks[ListedWebinarsBookmark]

    @functools.cached_property
    def records(self) -> list[dict[str, Any]]:
        """The records of all webinars, each once."""
        records: dict[str, dict[str, Any]] = {}
        for listing, (path, _) in zip(self.lists, self.organizers.listings, strict=True):
            for record in listing.records:
                if record["organizerKey"] is None:
                    self.client.stats.given_up.append(f"{path}/{record['webinarKey']}, which names no organizer")
                if self.organizers.includes(record["organizerKey"]):
                    records.setdefault(record["webinarKey"], record)
        self.organizers.check_listed({record["organizerKey"] for record in records.values()}, self.report)
        return list(records.values())

    @functools.cached_property
    def lists(self) -> list[WebinarList]:
        """The list of each organizer, or of the account."""
        return [self._list(path, organizer_key) for path, organizer_key in self.organizers.listings]

    def _list(self, path: str, organizer_key: str | None) -> WebinarList:
        start, until = self.organizers.settings.start_date, self.now + LOOKAHEAD
        found = list_window(self.client, self.report, "webinars", path, start, until)
        for record in found.records:
            # It becomes part of paths: anything but a key would lead elsewhere.
            told = record.get("organizerKey")
            record["organizerKey"] = told if is_key(told) else organizer_key
        return WebinarList(organizer_key, found.records, found.is_complete)

    @property
    def organizer_keys(self) -> list[str]:
        """The organizers of the listed webinars."""
        return list(dict.fromkeys(record["organizerKey"] for record in self.records if record["organizerKey"]))

    @property
    def keys(self) -> set[int]:
        """The webinarKeys on any of the lists."""
        return set[int]().union(*(listing.keys for listing in self.lists))

    def missing(self) -> list[int]:
        """Return the webinars that the lists have to show and none of them shows, even when it is read again."""
        missing = self._missing()
        for place, (path, organizer_key) in enumerate(self.organizers.listings):
            if missing & self._expected(self.lists[place]):
                again = self._list(path, organizer_key)
                both = _records_of_both(self.lists[place].records, again.records, "webinarKey")
                self.lists[place] = again._replace(records=both)
        return sorted(self._missing())

    def _missing(self) -> set[int]:
        return set[int]().union(*map(self._expected, self.lists)) - self.keys

    def track(self) -> None:
        """Remember what the lists show, beside what earlier ones did."""
        listed, settings = self.keys, self.organizers.settings
        for listing in self.lists:
            records = listing.by_organizer()
            for key in self._shown_by(listing):
                bookmark = self.bookmarks.get(key)
                bookmark.track(records.get(key, ()), listed, settings.start_date, settings.account_key)

    def discard(self, webinar_key: int) -> None:
        """Note that a removal has been emitted."""
        for bookmark in self.bookmarks.all().values():
            bookmark.discard(webinar_key)

    def _expected(self, listing: WebinarList) -> set[int]:
        """Return the webinars that a list has to show; none if it is incomplete."""
        if not listing.is_complete:
            return set()
        settings, bookmarks = self.organizers.settings, map(self.bookmarks.get, self._shown_by(listing))
        return set[int]().union(*(found.expected(settings.start_date, settings.account_key) for found in bookmarks))

    def _shown_by(self, listing: WebinarList) -> set[str]:
        """Return the organizers whose webinars a list shows: those remembered and those on it."""
        if listing.organizer_key is not None:
            return {listing.organizer_key}
        return {key for key in {*self.bookmarks.all(), *listing.by_organizer()} if self.organizers.includes(key)}


def list_sessions(
    client: StreamClient, report: Report, organizer_key: str, since: dt.datetime, now: dt.datetime
) -> RecordList:
    """Return the sessions of an organizer that ended after `since`, and some from before it."""
    path = f"{API}/organizers/{organizer_key}/sessions"
    listing = list_window(client, report, "sessions", path, since, now)
    for record in listing.records:
        record["organizerKey"] = organizer_key
    return listing


_ENVELOPES: Final = {"webinars": ("webinarKey", "webinars"), "sessions": ("sessionKey", "sessionInfoResources")}
"""The key of a row and the name of the list, by stream."""


def list_window(  # noqa: PLR0913, PLR0917 - what is listed, and from when to when
    client: StreamClient, report: Report, stream: str, path: str, start: dt.datetime, until: dt.datetime
) -> RecordList:
    """Return the records of all pages of a HAL list; an empty, incomplete list when GoTo refuses it."""
    key, name = _ENVELOPES[stream]
    window = {
        "fromTime": to_iso_seconds(start - WINDOW_MARGIN),
        "toTime": to_iso_seconds(until + WINDOW_MARGIN),
    }
    call = functools.partial(client.get_pages, path, responses.hal(name), key, size="size", **window)
    try:
        listing = client.wait_for(call)
    except (ForbiddenError, NotFoundError) as error:
        (client.stats.gone if isinstance(error, NotFoundError) else client.stats.forbidden).append(path)
        logger.warning("%s: the key may be wrong, or the user may not see it", error)
        return RecordList(is_cut=True)
    report.note_list(stream, path, listing)
    return listing


def list_registrants(client: StreamClient, path: str, *, known: int, seen: AbstractSet[int]) -> RecordList:
    """Return a webinar's registrants, each once; for any thread.

    The list is read twice if it lost more than half of the registrants that earlier runs listed, `known`, or came in
    pages and does not show all that were `seen`.
    """
    found = _read_registrants(client, path, seen)
    return _read_registrants(client, path, seen) if 2 * len(found) < known else found


def _read_registrants(client: StreamClient, path: str, seen: AbstractSet[int]) -> RecordList:
    def in_pages() -> RecordList:
        found = client.get_pages(path, responses.array, "registrantKey", size="limit")
        if seen <= {int(record["registrantKey"]) for record in found.records}:
            return found
        again = client.get_pages(path, responses.array, "registrantKey", size="limit")
        again.records = _records_of_both(found.records, again.records, "registrantKey")
        return again

    try:
        # Without `page` and `limit` the list is one consistent snapshot.
        page = client.get(path, responses.array)
    except RetriesExhaustedError as error:
        logger.info("%s; trying it in pages", error)
        return in_pages()
    if responses.may_be_capped(page):
        total = client.get(path, responses.array, params={"page": 0, "limit": 1}).total
        if total is not None and total > len(page.rows):
            return in_pages()
    elif page.total is not None and len(page.rows) != page.total:
        return in_pages()
    return read_rows(client.reader, page.rows)


def _records_of_both(first: Iterable[Record], again: Iterable[Record], key: str) -> list[Record]:
    """Return the records of a list that was read twice.

    A list in pages may leave out a row because another one went between two pages.
    """
    return list({record[key]: record for record in (*first, *again)}.values())
