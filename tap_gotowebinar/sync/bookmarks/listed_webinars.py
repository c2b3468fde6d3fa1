"""Which webinars were listed: tells a webinar that was cancelled from one that this run did not ask for."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

from tap_gotowebinar.records.timestamps import parse_time
from tap_gotowebinar.sync.bookmarks.state import Entry, pack, unpack


class WebinarList(NamedTuple):
    """The webinars of an organizer, or of an account (None), as one run listed them, each with its organizerKey."""

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
    """Which webinars of one organizer were listed, each with the latest `start_date` that is sure to list it.

    GoTo does not say whether its window is about the start of a webinar or its end. Two start dates are sure to list a
    webinar: the one that listed it before, and its own first start.
    """

    __slots__ = ("_account", "_entry", "_webinars")
    parents: ClassVar[str] = "organizers"

    def __init__(self, entry: Mapping[str, Any]) -> None:
        self._account: str | None = entry.get("account")
        self._webinars: dict[int, int] = unpack(entry.get("roster", ""))
        self._entry: Entry | None = dict(entry)

    def expected(self, start_date: dt.datetime, account: str | None) -> set[int]:
        """Return the webinars that a complete list since `start_date` has to show.

        The list of an account may show other webinars than the organizer's own (None).
        """
        start = _seconds(start_date)
        return {key for key, latest in self._webinars.items() if account == self._account and start <= latest}

    def track(
        self,
        records: Sequence[Mapping[str, Any]],
        listed: Collection[int],
        start_date: dt.datetime,
        account: str | None,
    ) -> None:
        """Remember the webinars of this organizer that are listed now, beside what was; see `expected`.

        A list of another account replaces what was. Of all webinars that this run has listed, one that has moved is
        remembered with its new organizer.
        """
        if not records and account != self._account:
            return
        known = self._webinars if account == self._account else {}
        webinars = {key: latest for key, latest in known.items() if key not in listed}
        for record in records:
            webinars[int(record["webinarKey"])] = max(_first_start(record), _seconds(start_date))
        if (webinars, account) != (self._webinars, self._account):
            self._webinars, self._account, self._entry = webinars, account, None

    def discard(self, key: int) -> None:
        """Note that a removal has been emitted."""
        if self._webinars.pop(key, None) is not None:
            self._entry = None

    def entry(self) -> Entry:
        """Return the entry for the state; it stays when no webinar is left, else a merge of states would revive it."""
        if self._entry is None:
            self._entry = {"roster": pack(self._webinars)} | ({"account": self._account} if self._account else {})
        return self._entry


def _first_start(record: Mapping[str, Any]) -> int:
    """Return when a webinar starts for the first time; 0 without usable times."""
    times = [parse_time(item.get("startTime") or item.get("endTime")) for item in record.get("times") or () if item]
    return min((_seconds(time) for time in times if time is not None), default=0)


def _seconds(time: dt.datetime) -> int:
    """Return whole seconds since 1970 that fit the 32 bits of a roster row."""
    return int(min(max(time.timestamp(), 0), 2**32 - 1))
