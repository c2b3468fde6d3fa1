"""What happens to the data while the tap runs, and what was true when."""

import datetime as dt
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Final

from typing_extensions import override

from gotowebinar_sandbox import Control
from tests.chaos.session_mutations import SessionMutations

Person = tuple[str, str]
"""Webinar and registrant, by their keys."""

ALIVE_FOR: Final = dt.timedelta(days=8)
"""Time since its end after which we count a webinar as settled; the tap does so days later."""

LONG_AGO: Final = dt.datetime(2015, 1, 1, tzinfo=dt.UTC)
"""Late arrivals get dates from here on, earlier than all others."""

MOSTLY: Final = 0.8
"""Share of those who come that come to a webinar that is alive."""

NEXT_STATUS: Final = {"WAITING": "APPROVED", "APPROVED": "DENIED"}
"""A status never comes back: what the list shows twice in the same form has not changed for anyone who asks twice."""


@dataclass
class Fact:
    """A status, or None for not being on the list, and the time in which it may have been true (monotonic).

    Attributes:
        surely_since: When the change had been made.
        surely_until: When the next one began to be made.
    """

    status: str | None
    since: float
    until: float = float("inf")
    surely_since: float = 0.0
    surely_until: float = float("inf")


class History:
    def __init__(self) -> None:
        self._facts: dict[Person, list[Fact]] = defaultdict(list)

    def begins(self, person: Person, status: str | None, *, since: float) -> None:
        """Note a new fact; the one before it ends now at the latest."""
        facts = self._facts[person]
        now = time.monotonic() if since else 0.0
        if facts:
            facts[-1].until, facts[-1].surely_until = now, since
        elif since:
            facts.append(Fact(None, 0.0, until=now, surely_until=since))
        facts.append(Fact(status, since, surely_since=now))

    def was_true(self, person: Person, status: str | None, since: float, until: float) -> bool:
        """Whether a status may have been true at some moment of a span."""
        facts = self._facts.get(person, [])
        return any(fact.status == status and fact.since <= until and fact.until >= since for fact in facts)

    def unchanged(self, since: float, until: float) -> Iterator[tuple[Person, str]]:
        """Yield who was on the list all through a span, with one status."""
        for person, facts in self._facts.items():
            for fact in facts:
                if fact.status is not None and fact.surely_since <= since and fact.surely_until >= until:
                    yield person, fact.status

    def never_changed(self, person: Person) -> bool:
        """Whether nothing has happened to somebody since they came."""
        return len([fact for fact in self._facts[person] if fact.status]) == 1


class Mutations(threading.Thread):
    """Lets people come, change and go, until it is stopped.

    People of settled webinars only come: what else happens there is not looked for, and the README says so.

    Attributes:
        began: What time it was there when it began.
        history: What was true when.
        late: People who came to a settled webinar with a date before its last registration.
        alive: Webinars that are alive.
        ever_alive: Those and cancelled ones.
        left_alone: Settled webinars to which nothing happens at all.
    """

    def __init__(self, control: Control, rng: Random, now: dt.datetime, *, pause: float = 0.008) -> None:
        """Learn what there is at that time; `pause` is the mean of seconds between two happenings."""
        super().__init__(daemon=True)
        self.history = History()
        self.late: set[Person] = set()
        self.counts: dict[str, int] = defaultdict(int)
        self._control = control
        self._rng = rng
        self._quiet = threading.Event()
        self.began = now
        self._sessions = SessionMutations(control, rng, now - ALIVE_FOR)
        self._pause = pause
        truth = control.expected_records()
        self._status = {(row["webinarKey"], row["registrantKey"]): row["status"] for row in truth["registrants"]}
        for person, status in self._status.items():
            self.history.begins(person, status, since=0.0)
        ends = {row["webinarKey"]: dt.datetime.fromisoformat(row["times"][-1]["endTime"]) for row in truth["webinars"]}
        self.alive = sorted(key for key, end in ends.items() if end > now - ALIVE_FOR)
        self.ever_alive = set(self.alive)
        settled = sorted(ends.keys() - set(self.alive))
        self.settled, self.left_alone = settled[::2], settled[1::2]

    @override
    def run(self) -> None:
        happenings = (
            (self._come, 6),
            (self._come_late, 2),
            (self._decide, 8),
            (self._cancel, 3),
            (self._add_webinar, 1),
            (self._move_webinar, 1),
            (self._cancel_webinar, 0.1),
            (self._sessions.hold_session, 0.3),
            (self._sessions.follow_up, 1),
            (self._sessions.ask, 2),
            (self._sessions.vote, 1),
            (self._sessions.help, 1),
        )
        what, weights = zip(*happenings, strict=True)
        while not self._quiet.is_set():
            happening = self._rng.choices(what, weights)[0]
            self.counts[happening.__name__.strip("_")] += 1
            happening()
            self._quiet.wait(self._rng.expovariate(1 / self._pause))

    def stop(self) -> None:
        self._quiet.set()
        self.join()

    def _come(self) -> None:
        self._add(self._rng.choice(self.alive if self._rng.random() < MOSTLY else self.settled))

    def _come_late(self) -> None:
        webinar = self._rng.choice(self.alive + self.settled)
        moment = LONG_AGO + dt.timedelta(seconds=self._rng.randrange(10**7))
        person = self._add(webinar, registrationDate=moment.strftime("%Y-%m-%dT%H:%M:%SZ"))
        if webinar in self.settled:
            self.late.add(person)

    def _add(self, webinar: str, **fields: str) -> Person:
        status = self._rng.choice(("WAITING", "APPROVED"))
        since = time.monotonic()
        (key,) = self._control.add_registrants(webinar, people=[{"status": status, **fields}])
        self._status[webinar, key] = status
        self.history.begins((webinar, key), status, since=since)
        return webinar, key

    def _decide(self) -> None:
        if person := self._anyone(lambda status: status in NEXT_STATUS):
            status = NEXT_STATUS[self._status[person]]
            since = time.monotonic()
            self._control.change_registrant(*person, status=status)
            self._status[person] = status
            self.history.begins(person, status, since=since)

    def _cancel(self) -> None:
        if person := self._anyone():
            since = time.monotonic()
            self._control.cancel_registrant(*person)
            del self._status[person]
            self.history.begins(person, None, since=since)

    def _add_webinar(self) -> None:
        self.alive.append(self._control.add_webinar(approvalType=self._rng.choice(("MANUAL", "AUTOMATIC"))))
        self.ever_alive.add(self.alive[-1])

    def _move_webinar(self) -> None:
        moment = self.began + dt.timedelta(days=self._rng.randint(1, 60))
        self._control.move_webinar(self._rng.choice(self.alive + self.settled), moment.isoformat())

    def _cancel_webinar(self) -> None:
        if len(self.alive) > 1:
            webinar = self.alive.pop(self._rng.randrange(len(self.alive)))
            since = time.monotonic()
            self._control.cancel_webinar(webinar)
            for person in [person for person in self._status if person[0] == webinar]:
                del self._status[person]
                self.history.begins(person, None, since=since)

    def _anyone(self, which: Callable[[str], bool] = lambda _status: True) -> Person | None:
        alive = set(self.alive)
        people = [person for person, status in self._status.items() if person[0] in alive and which(status)]
        return self._rng.choice(people) if people else None
