"""``gotowebinar-sandbox do``: changes to a running sandbox that people would make at GoTo."""

import argparse
import os
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from gotowebinar_sandbox.control.client import Control

URL_VARIABLE = "GOTOWEBINAR_SANDBOX_URL"
WHERE = (
    f"Name the sandbox with --url before the action, or in the variable {URL_VARIABLE}, which 'exec' and the file of "
    "'serve --env-file' set."
)
PICKS = " Without a key, the command picks a webinar or registrant whose change the next run of the tap sees."
# Each action: the kind of key it takes, and its description with what it picks without a key.
ACTIONS = {
    "register": ("webinar", "register people for a webinar (default: the next one)"),
    "approve": ("registrant", "approve a registrant (default: one who waits for approval)"),
    "deny": ("registrant", "deny a registrant (default: one who waits for approval)"),
    "cancel": ("registrant", "cancel a registration (default: one for the next webinar)"),
    "attend": (
        "registrant",
        "add a session that ends now, with a registrant as attendee (default: one of a webinar that has begun)",
    ),
    "cancel-webinar": ("webinar", "cancel a webinar (default: the next one)"),
    "add-webinar": (None, "add a webinar without registrants"),
}
Row = dict[str, Any]


def add_actions(parser: argparse.ArgumentParser) -> None:
    """Add the actions to the command line."""
    parser.add_argument(
        "--url",
        default=os.environ.get(URL_VARIABLE),
        help=f"address of the sandbox (default: the variable {URL_VARIABLE})",
    )
    added = parser.add_subparsers(required=True, metavar="ACTION", dest="action")
    of = {
        name: added.add_parser(
            name, help=what, description=f"{what[0].upper()}{what[1:]}. {WHERE}{PICKS if key else ''}"
        )
        for name, (key, what) in ACTIONS.items()
    }
    for name, (key, _) in ACTIONS.items():
        if key:
            of[name].add_argument("key", nargs="?", metavar=f"{key.upper()}_KEY", help=f"key of the {key}")
    of["register"].add_argument("--count", type=int, default=1, help="how many people (default: %(default)s)")
    of["register"].add_argument("--email", help="e-mail address of the first person (default: made up)")
    of["add-webinar"].add_argument(
        "--subject", default="A new webinar", help="title of the webinar (default: %(default)s)"
    )
    of["add-webinar"].add_argument("--starts-at", metavar="TIME", help="start as an ISO 8601 time (default: in a week)")
    of["add-webinar"].add_argument("--manual", action="store_true", help="require approval of registrants")


def act(chosen: Row) -> str:
    """Run the action of the command line, and return a line that says what changed.

    Raises:
        ValueError: No sandbox is named or reachable, a key is unknown, or nobody fits.
    """
    if not chosen["url"]:
        message = f"no sandbox is named: set {URL_VARIABLE}, or give --url before the action"
        raise ValueError(message)
    try:
        actions = _Actions(Control(chosen["url"]), chosen)
        return f"{chosen['action']}: {getattr(actions, chosen['action'].replace('-', '_'))()}"
    except requests.RequestException:
        message = f"no sandbox responds at {chosen['url']}: start one with 'gotowebinar-sandbox serve'"
        raise ValueError(message) from None


class _Actions:
    """The actions, one method each."""

    def __init__(self, control: Control, chosen: Row) -> None:
        self._control = control
        self._chosen = chosen
        records, now = control.expected_records(), control.options()["now"]
        now = self._now = datetime.fromisoformat(now) if now else datetime.now(UTC)
        ends = {row["webinarKey"]: _times(row, "endTime")[-1] for row in records["webinars"]}
        # Upcoming webinars, the next one first; then past webinars, the last one first.
        order = sorted(ends, key=lambda key: (ends[key] < now, abs(ends[key] - now)))
        self._webinars = sorted(records["webinars"], key=lambda row: order.index(row["webinarKey"]))
        self._people = sorted(records["registrants"], key=lambda row: order.index(row["webinarKey"]))

    def register(self) -> str:
        webinar = self._webinar()
        first = {"email": self._chosen["email"]} if self._chosen["email"] else {}
        people = [first] + [{}] * (self._chosen["count"] - 1)
        keys = self._control.add_registrants(webinar["webinarKey"], people=people)
        return f"{', '.join(keys)} for {_name_webinar(webinar)}"

    def approve(self) -> str:
        return self._change(self._control.approve_registrant, "WAITING", "nobody waits for approval")

    def deny(self) -> str:
        return self._change(self._control.deny_registrant, "WAITING", "nobody waits for approval")

    def cancel(self) -> str:
        return self._change(self._control.cancel_registrant, "APPROVED", "nobody is registered")

    def attend(self) -> str:
        begun = {row["webinarKey"] for row in self._webinars if _times(row, "startTime")[0] <= self._now}
        who = self._registrant("APPROVED", "nobody is registered for a webinar that has begun", begun)
        key = self._control.hold_session(who["webinarKey"], [who["registrantKey"]])
        return f"{_name(who)} in session {key}, which ends now"

    def cancel_webinar(self) -> str:
        webinar = self._webinar()
        self._control.cancel_webinar(webinar["webinarKey"])
        return _name_webinar(webinar)

    def add_webinar(self) -> str:
        manual, starts_at = self._chosen["manual"], self._chosen["starts_at"]
        fields: Row = {"subject": self._chosen["subject"], "approvalType": "MANUAL" if manual else "AUTOMATIC"}
        if starts_at:
            end = datetime.fromisoformat(starts_at) + timedelta(hours=1)
            fields["times"] = [{"startTime": starts_at, "endTime": end.isoformat()}]
        return _name_webinar({**fields, "webinarKey": self._control.add_webinar(**fields)})

    def _change(self, change: Callable[[str, str], None], status: str, nobody: str) -> str:
        who = self._registrant(status, nobody)
        change(who["webinarKey"], who["registrantKey"])
        return _name(who)

    def _webinar(self) -> Row:
        key = self._chosen["key"]
        return _first((row for row in self._webinars if key in {None, row["webinarKey"]}), f"there is no webinar {key}")

    def _registrant(self, status: str, nobody: str, webinars: set[str] | None = None) -> Row:
        """Return the registrant of the key given, or the first of a status, of any webinar or of these."""
        if (key := self._chosen["key"]) is not None:
            return _first((row for row in self._people if row["registrantKey"] == key), f"there is no registrant {key}")
        fitting = (row for row in self._people if row["status"] == status)
        return _first((row for row in fitting if webinars is None or row["webinarKey"] in webinars), nobody)


def _first(rows: Iterable[Row], otherwise: str) -> Row:
    for row in rows:
        return row
    raise ValueError(otherwise)


def _times(webinar: Row, name: str) -> list[datetime]:
    """Return the starts or ends of a webinar; one without times is in the far future."""
    times = [datetime.fromisoformat(time[name]) for time in webinar["times"]]
    return sorted(times) or [datetime.max.replace(tzinfo=UTC)]


def _name_webinar(webinar: Row) -> str:
    return f"{webinar['subject']!r} (webinar {webinar['webinarKey']})"


def _name(who: Row) -> str:
    return f"{who['firstName']} {who['lastName']} (registrant {who['registrantKey']} of webinar {who['webinarKey']})"
