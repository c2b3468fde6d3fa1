"""``gotowebinar-sandbox do``: let something happen in a running sandbox, as people at GoTo would."""

import argparse
import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from gotowebinar_sandbox.control import Control

URL_VARIABLE = "GOTOWEBINAR_SANDBOX_URL"
WHERE = (
    f"The sandbox is the one at --url, which comes before the action, or else at the address in {URL_VARIABLE}: the "
    "file of 'serve --env-file' sets this variable, and so does 'exec'. Where you give no key, the command picks "
    "somebody or something that the next run of the tap will notice."
)
Row = dict[str, Any]


def add_actions(parser: argparse.ArgumentParser) -> None:
    """Describe the actions on the command line."""
    parser.add_argument("--url", default=os.environ.get(URL_VARIABLE), help=f"default: the variable {URL_VARIABLE}")
    actions = parser.add_subparsers(required=True, metavar="ACTION", dest="action")

    def action(name: str, what: str, *, key: str = "") -> argparse.ArgumentParser:
        added = actions.add_parser(name, help=what, description=f"{what[0].upper()}{what[1:]}. {WHERE}")
        if key:
            added.add_argument(key, nargs="?", metavar=f"{key.upper()}_KEY")
        return added

    register = action("register", "register people for a webinar (the next one)", key="webinar")
    register.add_argument("--count", type=int, default=1, help="how many (default: %(default)s)")
    register.add_argument("--email", help="address of the one (default: made up, as the names)")
    action("approve", "approve a registrant (one who waits for it)", key="registrant")
    action("deny", "deny a registrant (one who waits for approval)", key="registrant")
    action("cancel", "let a registrant cancel (one of the next webinar)", key="registrant")
    action(
        "attend",
        "let a registrant have attended a session that ends now (one of a webinar that has begun)",
        key="registrant",
    )
    action("cancel-webinar", "cancel a webinar (the next one)", key="webinar")
    add = action("add-webinar", "add a webinar without registrants")
    add.add_argument("--subject", default="A new webinar", help="default: %(default)s")
    add.add_argument("--starts-at", metavar="TIME", help="ISO 8601 (default: in a week)")
    add.add_argument("--manual", action="store_true", help="registrants wait for approval")


def act(chosen: dict[str, Any]) -> str:
    """Do what the command line asks for, and return what happened in one line.

    Raises:
        ValueError: No sandbox is named or answers, a key is unknown, or there is nobody to choose.
    """
    if not chosen["url"]:
        message = f"where is the sandbox? Set {URL_VARIABLE} or give --url; it comes before the action"
        raise ValueError(message)
    try:
        done: str = getattr(_Actions(Control(chosen["url"])), chosen["action"].replace("-", "_"))(chosen)
    except requests.RequestException:
        message = f"no sandbox answers at {chosen['url']}"
        raise ValueError(message) from None
    return done


class _Actions:
    """One method for each action, and who or what is chosen where no key is given."""

    def __init__(self, control: Control) -> None:
        self._control = control
        now = control.options()["now"]
        self._now = datetime.fromisoformat(now) if now else datetime.now(UTC)
        truth = control.truth()
        ends = {row["webinarKey"]: _times(row, "endTime") for row in truth["webinars"]}
        # Those to come first, the next one at the top; then those that are over, the last one at the top.
        self._webinars = sorted(truth["webinars"], key=lambda row: ends[row["webinarKey"]])
        over = [row for row in self._webinars if ends[row["webinarKey"]] < self._now]
        self._webinars = self._webinars[len(over) :] + over[::-1]
        self._people = truth["registrants"]

    def register(self, chosen: dict[str, Any]) -> str:
        webinar = self._webinar(chosen["webinar"])
        given = {"email": chosen["email"]} if chosen["email"] else {}
        people = [given] + [{}] * (chosen["count"] - 1)
        keys = self._control.add_registrants(webinar["webinarKey"], people=people)
        return f"registered {', '.join(keys)} for {_of(webinar)}"

    def approve(self, chosen: dict[str, Any]) -> str:
        who = self._registrant(chosen, {"WAITING"}, "waits for approval")
        self._control.approve_registrant(who["webinarKey"], who["registrantKey"])
        return f"approved {_name(who)}"

    def deny(self, chosen: dict[str, Any]) -> str:
        who = self._registrant(chosen, {"WAITING"}, "waits for approval")
        self._control.deny_registrant(who["webinarKey"], who["registrantKey"])
        return f"denied {_name(who)}"

    def cancel(self, chosen: dict[str, Any]) -> str:
        who = self._registrant(chosen, {"APPROVED"}, "is registered")
        self._control.cancel_registrant(who["webinarKey"], who["registrantKey"])
        return f"{_name(who)} cancelled"

    def attend(self, chosen: dict[str, Any]) -> str:
        begun = [row for row in self._webinars if _times(row, "startTime") <= self._now]
        who = self._registrant(chosen, {"APPROVED"}, "is registered for a webinar that has begun", begun)
        key = self._control.hold_session(who["webinarKey"], [who["registrantKey"]])
        return f"{_name(who)} attended session {key}, which ends now"

    def cancel_webinar(self, chosen: dict[str, Any]) -> str:
        webinar = self._webinar(chosen["webinar"])
        self._control.cancel_webinar(webinar["webinarKey"])
        return f"cancelled {_of(webinar)}"

    def add_webinar(self, chosen: dict[str, Any]) -> str:
        fields: Row = {"subject": chosen["subject"], "approvalType": "MANUAL" if chosen["manual"] else "AUTOMATIC"}
        if chosen["starts_at"]:
            start = datetime.fromisoformat(chosen["starts_at"])
            end = start + timedelta(hours=1)
            fields["times"] = [{"startTime": start.isoformat(), "endTime": end.isoformat()}]
        return f"added {_of({**fields, 'webinarKey': self._control.add_webinar(**fields)})}"

    def _webinar(self, key: str | None) -> Row:
        return _first((row for row in self._webinars if key in {None, row["webinarKey"]}), "there is no such webinar")

    def _registrant(
        self, chosen: dict[str, Any], statuses: set[str], what: str, webinars: Sequence[Row] | None = None
    ) -> Row:
        key = chosen["registrant"]
        if key is not None:
            return _first((row for row in self._people if row["registrantKey"] == key), f"there is no registrant {key}")
        order = [webinar["webinarKey"] for webinar in (self._webinars if webinars is None else webinars)]
        fitting = [row for row in self._people if row["webinarKey"] in order and row["status"] in statuses]
        return _first(sorted(fitting, key=lambda row: order.index(row["webinarKey"])), f"nobody {what}")


def _first(rows: Iterable[Row], otherwise: str) -> Row:
    for row in rows:
        return row
    raise ValueError(otherwise)


def _times(webinar: Row, name: str) -> datetime:
    """Return the last end of a webinar, or the first start; without times it is in the far future."""
    times = sorted(datetime.fromisoformat(time[name]) for time in webinar["times"])
    return times[0 if name == "startTime" else -1] if times else datetime.max.replace(tzinfo=UTC)


def _of(webinar: Row) -> str:
    return f"{webinar['subject']!r} (webinar {webinar['webinarKey']})"


def _name(who: Row) -> str:
    return f"{who['firstName']} {who['lastName']} (registrant {who['registrantKey']} of webinar {who['webinarKey']})"
