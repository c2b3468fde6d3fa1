"""Which webinars were listed: what tells one that was cancelled from one that this run did not ask for."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tap_gotowebinar.records.timestamps import parse_time
from tap_gotowebinar.sync.bookmarks.state import pack, unpack

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Mapping, Sequence

    from tap_gotowebinar.sync.bookmarks.streams import StreamBookmarks
    from tap_gotowebinar.sync.organizers import OrganizerScope

LATEST: Final = 2**32 - 1
"""The year 2106, in seconds since 1970: what a roster has room for."""


class WebinarList(NamedTuple):
    """The webinars of an organizer, or of an account, as one run listed them.

    Attributes:
        organizer_key: Whose; None: of an account.
        records: What was listed, each with its organizerKey.
        is_complete: Whether none is missing.
    """

    organizer_key: str | None
    records: Sequence[dict[str, Any]]
    is_complete: bool

    @property
    def keys(self) -> set[int]:
        """The webinarKeys."""
        return {int(record["webinarKey"]) for record in self.records}

    def by_organizer(self) -> dict[str, list[dict[str, Any]]]:
        """Return the records by the organizer under whom they are remembered."""
        found: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        for record in self.records:
            if organizer_key := self.organizer_key or record["organizerKey"]:
                found[organizer_key].append(record)
        return found


class ListedWebinarsBookmark:
    """Which webinars of one organizer were listed, each with the latest start date that is sure to show it.

    GoTo does not say whether its window is about the start of a webinar or its end. Two start dates are sure to show a
    webinar: the one that showed it before, and its own first start.
    """

    __slots__ = ("_account", "_entry", "_webinars")

    def __init__(self, entry: Mapping[str, Any]) -> None:
        """Start from an entry of the state."""
        self._account: str | None = entry.get("account")
        self._webinars: dict[int, int] = unpack(entry.get("roster", ""))
        self._entry: dict[str, Any] | None = dict(entry)

    def expected(self, start_date: dt.datetime, account: str | None) -> set[int]:
        """Return the webinars that a complete list has to show.

        Args:
            start_date: From when on webinars are listed.
            account: Key of the account whose list it is; None: the organizer's own, which may show others.
        """
        if account != self._account:
            return set()
        start = _seconds(start_date)
        return {key for key, latest in self._webinars.items() if start <= latest}

    def track(
        self,
        records: Sequence[Mapping[str, Any]],
        listed: Collection[int],
        start_date: dt.datetime,
        account: str | None,
    ) -> bool:
        """Remember what is listed now, beside what was. Another kind of list begins anew.

        Args:
            records: Webinars of this organizer that are listed.
            listed: All webinars that this run has listed. One that has moved is remembered with its new organizer.
            start_date: As for `expected`.
            account: As for `expected`.

        Returns:
            Whether anything changed.
        """
        if not records and account != self._account:
            return False
        known = self._webinars if account == self._account else {}
        webinars = {key: latest for key, latest in known.items() if key not in listed}
        for record in records:
            webinars[int(record["webinarKey"])] = max(_first_start(record), _seconds(start_date))
        has_changed = (webinars, account) != (self._webinars, self._account)
        if has_changed:
            self._webinars, self._account, self._entry = webinars, account, None
        return has_changed

    def discard(self, key: int) -> None:
        """Note that a removal has been emitted."""
        if self._webinars.pop(key, None) is not None:
            self._entry = None

    def entry(self) -> dict[str, Any]:
        """Return the entry for the state; it stays when no webinar is left, else a merge of states would revive it."""
        if self._entry is None:
            self._entry = {"roster": pack(self._webinars)} | ({"account": self._account} if self._account else {})
        return self._entry


class ListedWebinars:
    """What is remembered of the lists of webinars, by organizer.

    Args:
        bookmarks: The bookmarks of the organizers.
        organizers: Whose webinars are wanted.
        start_date: From when on webinars are listed.
        account: Key of the account that is listed; None: organizers are listed one by one.
    """

    def __init__(
        self,
        bookmarks: StreamBookmarks[ListedWebinarsBookmark],
        organizers: OrganizerScope,
        start_date: dt.datetime,
        account: str | None,
    ) -> None:
        """Look at nothing yet."""
        self._bookmarks = bookmarks
        self._organizers = organizers
        self._window = start_date, account

    def lost_most(self, listing: WebinarList) -> bool:
        """Whether a complete list lacks more than half of what it has to show."""
        expected = self._expected(listing)
        return 2 * len(expected - listing.keys) > len(expected)

    def missing(self, lists: Sequence[WebinarList]) -> list[int]:
        """Return the webinars that lists have to show, and none of them shows."""
        expected = set[int]().union(*map(self._expected, lists))
        return sorted(expected.difference(*(listing.keys for listing in lists)))

    def track(self, lists: Sequence[WebinarList]) -> None:
        """Remember what lists show, beside what earlier ones did."""
        listed = set[int]().union(*(listing.keys for listing in lists))
        for listing in lists:
            records = listing.by_organizer()
            for organizer_key in self._shown_by(listing):
                if self._bookmarks.get(organizer_key).track(records.get(organizer_key, ()), listed, *self._window):
                    self._bookmarks.changed()

    def discard(self, webinar_key: int) -> None:
        """Note that a removal has been emitted."""
        for bookmark in self._bookmarks.all().values():
            bookmark.discard(webinar_key)
        self._bookmarks.changed()

    def _expected(self, listing: WebinarList) -> set[int]:
        """Return the webinars that a list has to show, if it is complete."""
        if not listing.is_complete:
            return set()
        bookmarks = map(self._bookmarks.get, self._shown_by(listing))
        return set[int]().union(*(bookmark.expected(*self._window) for bookmark in bookmarks))

    def _shown_by(self, listing: WebinarList) -> set[str]:
        """Return the organizers whose webinars a list shows: those who are known, and those who are on it."""
        if listing.organizer_key is not None:
            return {listing.organizer_key}
        return {key for key in {*self._bookmarks.all(), *listing.by_organizer()} if self._organizers.includes(key)}


def _first_start(record: Mapping[str, Any]) -> int:
    """Return when a webinar starts for the first time; 0 without usable times."""
    times = [parse_time(item.get("startTime") or item.get("endTime")) for item in record.get("times") or () if item]
    return min((_seconds(time) for time in times if time is not None), default=0)


def _seconds(time: dt.datetime) -> int:
    """Return whole seconds since 1970, as a roster holds them."""
    return int(min(max(time.timestamp(), 0), LATEST))
