"""The streams: one class each, in the order in which the children of a webinar are read."""

from __future__ import annotations

import datetime as dt
import functools
from typing import TYPE_CHECKING, Any, Final

from typing_extensions import override

from tap_gotowebinar import envelopes
from tap_gotowebinar.client import API, ChildStream, GoToWebinarStream
from tap_gotowebinar.errors import RefusedError
from tap_gotowebinar.scope import IDENTITY_PATH

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from singer_sdk.helpers.types import Context, Record

WINDOW_MARGIN: Final = dt.timedelta(days=1)
"""Asked for on both sides: GoTo does not say whether its filter tests the start, the end or the overlap."""

YEARS_AHEAD: Final = 10
"""How far ahead webinars are listed; the API wants an end."""


class Organizers(GoToWebinarStream):
    """The person behind the token, and the organizers whose webinars are read. Always has a row."""

    name = "organizers"
    path = IDENTITY_PATH
    primary_keys = ("organizerKey",)
    answer_keys = ("organizerKey",)

    @override
    def get_records(self, context: Context | None) -> Iterable[Record]:
        scope = self.tap.scope
        rows: dict[str, dict[str, Any]] = {}
        if scope.owner is not None:
            rows[scope.owner["organizerKey"]] = scope.owner
        keys = [*scope.organizer_keys]
        if self.tap.settings.account_key:
            keys += [row["organizerKey"] for row in self.tap.webinars.listing]
        for key in keys:
            rows.setdefault(key, {"organizerKey": key, "accountKey": self.tap.settings.account_key})
        return [self.reader.read(row) for row in rows.values()]


class Webinars(GoToWebinarStream):
    """All webinars in the window, of the configured organizers or of the whole account."""

    name = "webinars"
    path = f"{API}/organizers/{{organizerKey}}/webinars"
    primary_keys = ("webinarKey",)
    answer_keys = ("webinarKey",)

    @override
    def get_records(self, context: Context | None) -> Iterator[Record]:
        self.tap.report.webinars_total = len(self.listing)
        for row in self.listing:
            yield dict(row)
            self.tap.report.webinar_done()

    @override
    def generate_child_contexts(self, record: Record, context: Context | None) -> Iterator[Context]:
        yield {"webinarKey": record["webinarKey"], "organizerKey": record["organizerKey"]}

    @functools.cached_property
    def listing(self) -> list[dict[str, Any]]:
        """The records of all webinars, each once, listed once per run."""
        records: dict[str, dict[str, Any]] = {}
        for path, organizer_key in self.tap.scope.listings:
            for row in self._listed(path):
                record = self.reader.read(row)
                record.setdefault("organizerKey", organizer_key)
                if self.tap.scope.includes(record["organizerKey"]):
                    records.setdefault(record["webinarKey"], record)
        return list(records.values())

    def _listed(self, path: str) -> list[Any]:
        window = {
            "fromTime": _wire_time(self.tap.settings.start_date - WINDOW_MARGIN),
            "toTime": _wire_time(self.tap.started_at.replace(year=self.tap.started_at.year + YEARS_AHEAD)),
        }
        try:
            return self.pages(path, envelopes.hal("webinars"), "webinarKey", size="size", **window)
        except RefusedError as error:
            self.tally.refused.append(path)
            self.logger.warning("%s: the key may be wrong, or the user may not see it", error)
            return []


class WebinarDetails(ChildStream):
    """What only the webinar itself tells: running or not, registrants, limit, organizer."""

    name = "webinar_details"
    parent_stream_type = Webinars
    path = f"{API}/organizers/{{organizerKey}}/webinars/{{webinarKey}}"
    primary_keys = ("webinarKey",)
    answer_keys = ("webinarKey",)

    @override
    def get_records(self, context: Context | None) -> Iterator[Record]:
        path = self.path.format_map(context or {})
        record = self.tolerant_call(
            path, lambda: self.call(path, lambda body: self.reader.read(envelopes.single(body)))
        )
        if record is not None:
            yield record


class RegistrantStream(ChildStream):
    """What the two registrant streams share: the list, and what of it is new or changed."""

    parent_stream_type = Webinars
    replication_key = "registrationDate"
    primary_keys = ("webinarKey", "registrantKey")
    answer_keys = ("registrantKey",)

    list_path: Final = f"{API}/organizers/{{organizerKey}}/webinars/{{webinarKey}}/registrants"

    _row: dict[str, Any]
    """The list row whose record was given out last."""

    def due_rows(self, context: Context) -> Iterator[dict[str, Any]]:
        """Yield the list rows of a webinar that this stream has not emitted as they are."""
        path = self.list_path.format_map(context)
        rows = self.tolerant_call(path, lambda: self.tap.registrant_lists.read(path, self))
        bookmark = self.bookmarks.of(context["webinarKey"])
        everything = self.replication_method == "FULL_TABLE"
        for row in rows or ():
            if everything or bookmark.is_due(row):
                self._row = row
                yield row

    @override
    def written(self, context: Context | None) -> None:
        self.remember((context or {})["webinarKey"], self._row)

    def remember(self, webinar_key: str, row: dict[str, Any]) -> None:
        """Note that nothing is left to emit for a list row."""
        self.bookmarks.remember(webinar_key, row, not_after=self.tap.started)


class Registrants(RegistrantStream):
    """Who registered for a webinar: one call per webinar."""

    name = "registrants"
    path = RegistrantStream.list_path

    @override
    def get_records(self, context: Context | None) -> Iterator[Record]:
        for row in self.due_rows(context or {}):
            yield dict(row)


class RegistrantDetails(RegistrantStream):
    """What a registrant told in the registration form: one call per new or changed registrant."""

    name = "registrant_details"
    path = f"{RegistrantStream.list_path}/{{registrantKey}}"

    @override
    def get_records(self, context: Context | None) -> Iterator[Record]:
        webinar = context or {}
        for row in self.due_rows(webinar):
            path = self.path.format_map({**webinar, "registrantKey": row["registrantKey"]})
            gone = len(self.tally.gone)
            record = self.tolerant_call(path, functools.partial(self.call, path, self._read))
            if record is not None:
                yield record
            elif len(self.tally.gone) > gone:
                self.remember(webinar["webinarKey"], row)

    def _read(self, body: object) -> dict[str, Any]:
        return self.reader.read(envelopes.single(body))


def _wire_time(moment: dt.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
