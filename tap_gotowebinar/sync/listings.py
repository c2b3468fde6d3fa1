"""The webinars and the sessions of a run, each listed once."""

from __future__ import annotations

import datetime as dt
import functools
import logging
from typing import TYPE_CHECKING, Any, Final

from tap_gotowebinar.api import responses
from tap_gotowebinar.api.client import API
from tap_gotowebinar.api.errors import ForbiddenError, NotFoundError
from tap_gotowebinar.api.responses import is_key
from tap_gotowebinar.records.record_list import RecordList
from tap_gotowebinar.sync.bookmarks.listed_webinars import WebinarList

if TYPE_CHECKING:
    from tap_gotowebinar.settings.tap import Settings
    from tap_gotowebinar.sync.bookmarks.listed_webinars import ListedWebinars
    from tap_gotowebinar.sync.organizers import OrganizerScope
    from tap_gotowebinar.sync.report import Report
    from tap_gotowebinar.sync.stream_client import StreamClient

logger = logging.getLogger("tap-gotowebinar")

WINDOW_MARGIN: Final = dt.timedelta(days=1)
"""Asked for on both sides: GoTo does not say whether its filters test the start, the end or the overlap."""

LOOKAHEAD: Final = dt.timedelta(days=3653)
"""How far ahead webinars are listed, ten years; the API wants an end."""


class WebinarListing:
    """The webinars in the window, of the configured organizers or of the whole account, listed when first asked for."""

    def __init__(  # noqa: PLR0913 - what a list depends on
        self,
        settings: Settings,
        organizers: OrganizerScope,
        report: Report,
        client: StreamClient,
        *,
        now: dt.datetime,
        known: ListedWebinars,
    ) -> None:
        """List nothing yet."""
        self._known = known
        self._window = settings.start_date, now + LOOKAHEAD
        self._organizers = organizers
        self._report = report
        self._client = client

    @functools.cached_property
    def records(self) -> list[dict[str, Any]]:
        """The records of all webinars, each once."""
        records: dict[str, dict[str, Any]] = {}
        for listing in self.lists:
            for record in listing.records:
                if self._organizers.includes(record["organizerKey"]):
                    records.setdefault(record["webinarKey"], record)
        self._organizers.check_listed({record["organizerKey"] for record in records.values()}, self._report)
        return list(records.values())

    @functools.cached_property
    def lists(self) -> list[WebinarList]:
        """What each organizer, or the account, lists."""
        return [self._list(path, organizer_key) for path, organizer_key in self._organizers.listings]

    def _list(self, path: str, organizer_key: str | None) -> WebinarList:
        listing = self._listed(path, organizer_key)
        if self._known.lost_most(listing):
            again = self._listed(path, organizer_key)
            # Refused the second time, it shows nothing.
            listing = again if again.is_complete or again.records else listing._replace(is_complete=False)
        for record in listing.records:
            if record["organizerKey"] is None:
                self._client.stats.given_up.append(f"{path}/{record['webinarKey']}, which names no organizer")
        return listing

    def _listed(self, path: str, organizer_key: str | None) -> WebinarList:
        found = list_window(self._client, self._report, "webinars", path, *self._window)
        for record in found.records:
            # It becomes part of paths: anything but a key would lead elsewhere.
            told = record.get("organizerKey")
            record["organizerKey"] = told if is_key(told) else organizer_key
        return WebinarList(organizer_key, found.records, found.is_complete)

    @property
    def organizer_keys(self) -> list[str]:
        """The organizers of the listed webinars."""
        return list(dict.fromkeys(record["organizerKey"] for record in self.records if record["organizerKey"]))


def list_sessions(
    client: StreamClient, report: Report, organizer_key: str, since: dt.datetime, now: dt.datetime
) -> RecordList:
    """Return the sessions of an organizer that ended since a moment, and some from before it."""
    path = f"{API}/organizers/{organizer_key}/sessions"
    listing = list_window(client, report, "sessions", path, since, now)
    for record in listing.records:
        record["organizerKey"] = organizer_key
    return listing


_ENVELOPES: Final = {"webinars": ("webinarKey", "webinars"), "sessions": ("sessionKey", "sessionInfoResources")}
"""What tells rows apart, and the name under which they stand, by stream."""


def list_window(  # noqa: PLR0913, PLR0917 - what is listed, and from when to when
    client: StreamClient, report: Report, stream: str, path: str, start: dt.datetime, until: dt.datetime
) -> RecordList:
    """Return the records of all pages of a HAL list; an empty part of it when GoTo refuses it."""
    key, name = _ENVELOPES[stream]
    window = {
        "fromTime": format_api_time(start - WINDOW_MARGIN),
        "toTime": format_api_time(until + WINDOW_MARGIN),
    }
    call = functools.partial(client.get_pages, path, responses.hal(name), key, size="size", **window)
    try:
        listing = client.wait_for(call)
    except (ForbiddenError, NotFoundError) as error:
        client.stats.refused.append(path)
        logger.warning("%s: the key may be wrong, or the user may not see it", error)
        return RecordList(is_cut=True)
    report.note_list(stream, path, listing)
    return listing


def format_api_time(moment: dt.datetime) -> str:
    """Return a moment as GoTo wants it in a query."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
