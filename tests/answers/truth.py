"""What the marts have to say, worked out in Python from what the sandbox knows. Nothing here looks into a database."""

import datetime as dt
import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from gotowebinar_sandbox import Control
from tests.comparable_rows import truth_of

Row = dict[str, Any]
Keys = tuple[str, str]
LEAD = 60
STAYED = 0.9


def instant(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).astimezone(dt.UTC)


def registrant_keys(row: Row) -> Keys:
    return row["webinarKey"], row["registrantKey"]


@dataclass
class Truth:
    """What was ever seen of GoToWebinar: whoever leaves stays known, as in a warehouse."""

    webinars: dict[str, Row] = field(default_factory=dict)
    registrants: dict[Keys, Row] = field(default_factory=dict)
    sessions: dict[str, Row] = field(default_factory=dict)
    attendees: dict[Keys, Row] = field(default_factory=dict)
    questions: list[Row] = field(default_factory=list)
    surveys: list[Row] = field(default_factory=list)
    listed: set[str] = field(default_factory=set)
    registered: set[Keys] = field(default_factory=set)

    def look(self, control: Control) -> None:
        now = truth_of(control)
        self.listed = {row["webinarKey"] for row in now["webinars"]}
        self.registered = {registrant_keys(row) for row in now["registrants"]}
        self.webinars |= {row["webinarKey"]: row for row in now["webinars"]}
        self.registrants |= {registrant_keys(row): row for row in now["registrants"]}
        self.sessions |= {row["sessionKey"]: row for row in now["sessions"]}
        self.attendees |= {(row["sessionKey"], row["registrantKey"]): row for row in now["attendees"]}
        self.questions, self.surveys = now["questions"], now["surveys"]

    def figures(self) -> dict[str, Row]:
        return {key: dict(self._webinar(key)) for key in self.webinars}

    def _webinar(self, key: str) -> Iterator[tuple[str, Any]]:
        people = [row for row in self.people() if row["webinarKey"] == key]
        state = self.state(key)
        known = self.is_attendance_known(key)
        expected = [row for row in people if row["expected"]]
        came = [row for row in expected if row["seconds"]]
        yield "state", state
        yield "registrants", len(people)
        yield "cancelled", sum(row["cancelled"] for row in people)
        for status in ("APPROVED", "WAITING", "DENIED"):
            yield status.lower(), sum(row["status"] == status and not row["cancelled"] for row in people)
        yield "late", sum(row["late"] for row in people)
        yield "expected", len(expected)
        yield "attended", sum(row["seconds"] > 0 for row in people) if known else None
        yield "expected_attended", len(came) if known else None
        yield "stayed_to_the_end", sum(row["stayed"] for row in expected) if known else None
        final = known and state == "held"
        yield "no_shows", len(expected) - len(came) if final else None
        yield "attendance_rate", len(came) / len(expected) if final and expected else None
        yield "questions", sum(row["webinarKey"] == key for row in self.questions)
        marks = [mark for row in self.surveys if row["webinarKey"] == key for mark in marks_of(row)]
        yield "ratings", len(marks)
        yield "rating", sum(marks) / len(marks) if marks else None

    def people(self) -> Iterator[Row]:
        """Everybody who registered, once for each webinar."""
        active = {
            (row["webinarKey"], row["email"].lower())
            for keys, row in self.registrants.items()
            if keys in self.registered
        }
        for keys, row in self.registrants.items():
            cancelled = keys not in self.registered and row["webinarKey"] in self.listed
            if cancelled and (row["webinarKey"], row["email"].lower()) in active:
                continue
            times = self.webinars[row["webinarKey"]]["times"]
            late = instant(row["registrationDate"]) > instant(times[-1]["endTime"])
            attendances = [one for (_, who), one in self.attendees.items() if who == row["registrantKey"]]
            yield {
                **row,
                "cancelled": cancelled,
                "late": late,
                "expected": row["status"] == "APPROVED" and not cancelled and not late,
                "seconds": sum(one["attendanceTimeInSeconds"] for one in attendances),
                "stayed": any(self._stayed(one) for one in attendances),
                "days_ahead": self._days_ahead(row),
            }

    def state(self, key: str) -> str:
        times, now = self.webinars[key]["times"], dt.datetime.now(dt.UTC)
        held = self.sessions_held(key)
        if key not in self.listed and not held:
            return "cancelled"
        if instant(times[0]["startTime"]) > now:
            return "upcoming"
        if instant(times[-1]["endTime"]) >= now:
            return "under way"
        return "held" if held else "not held"

    def sessions_held(self, key: str) -> list[Row]:
        """The sessions of a webinar that were no practice."""
        return [
            row
            for row in self.sessions.values()
            if row["webinarKey"] == key and (row["registrantsAttended"] or self._was_planned(row))
        ]

    def is_attendance_known(self, key: str) -> bool:
        """Whether a webinar was held, and so it is known who came."""
        return bool(self.sessions_held(key))

    def present(self) -> dict[tuple[str, int], int]:
        """How many were in a session at each fifth minute."""
        found: dict[tuple[str, int], int] = {}
        for session in itertools.chain.from_iterable(self.sessions_held(key) for key in self.webinars):
            start, end = instant(session["startTime"]), instant(session["endTime"])
            for minute in range(0, int((end - start).total_seconds()) // 60 + 1, 5):
                moment = start + dt.timedelta(minutes=minute)
                found[session["sessionKey"], minute] = sum(
                    any(instant(one["joinTime"]) <= moment < instant(one["leaveTime"]) for one in row["attendance"])
                    for (key, _), row in self.attendees.items()
                    if key == session["sessionKey"]
                )
        return found

    def pace(self) -> dict[tuple[str, int], int]:
        """How many had registered for a webinar so many days before it."""
        days: dict[str, Counter[int]] = defaultdict(Counter)
        for row in self.people():
            days[row["webinarKey"]][min(LEAD, row["days_ahead"])] += 1
        return {
            (key, ahead): sum(count for day, count in days[key].items() if day >= ahead)
            for key in self.webinars
            for ahead in range(min(LEAD, max(0, self._days_to_go(key))), LEAD + 1)
        }

    def sources(self) -> dict[Keys, tuple[int, int]]:
        """How many registered from each source for a webinar, and how many of those expected came."""
        found: dict[Keys, list[Row]] = defaultdict(list)
        for row in self.people():
            found[row["webinarKey"], row.get("source") or "not given"].append(row)
        return {
            keys: (len(rows), sum(row["expected"] and row["seconds"] > 0 for row in rows))
            for keys, rows in found.items()
        }

    def regulars(self) -> dict[str, tuple[int, int]]:
        """To how many webinars each address registered, and came."""
        found: dict[str, list[Row]] = defaultdict(list)
        for row in self.people():
            found[row["email"].lower()].append(row)
        return {email: (len(rows), sum(row["seconds"] > 0 for row in rows)) for email, rows in found.items()}

    def _was_planned(self, session: Row) -> bool:
        start, end = instant(session["startTime"]), instant(session["endTime"])
        times = self.webinars[session["webinarKey"]]["times"]
        return any(start < instant(one["endTime"]) and end > instant(one["startTime"]) for one in times)

    def _stayed(self, attendance: Row) -> bool:
        if not attendance["attendanceTimeInSeconds"]:
            return False
        session = self.sessions[attendance["sessionKey"]]
        start, end = instant(session["startTime"]), instant(session["endTime"])
        left = max(instant(one["leaveTime"]) for one in attendance["attendance"])
        return (left - start) >= STAYED * (end - start)

    def _days_ahead(self, registrant: Row) -> int:
        webinar = self.webinars[registrant["webinarKey"]]
        start, registered = (
            instant(text).astimezone(ZoneInfo(webinar["timeZone"])).date()
            for text in (webinar["times"][0]["startTime"], registrant["registrationDate"])
        )
        return (start - registered).days

    def _days_to_go(self, key: str) -> int:
        zone = ZoneInfo(self.webinars[key]["timeZone"])
        start = instant(self.webinars[key]["times"][0]["startTime"]).astimezone(zone).date()
        return (start - dt.datetime.now(zone).date()).days


def marks_of(question: Row) -> Iterable[float]:
    """The marks given to a question of a survey, brought to five; none where it is no rating."""
    texts = [answer["text"] for answer in question["responses"]]
    if not texts or not all(text.isdecimal() for text in texts):
        return
    top = max(int(text) for text in texts)
    for answer in question["responses"]:
        people = round(answer["percentage"] * question["numberOfResponses"] / 100)
        yield from [5 * int(answer["text"]) / top] * people
