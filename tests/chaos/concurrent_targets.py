"""The input of a target: people for webinars of every kind, with STATE in between, and what must become of each."""

import enum
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from gotowebinar_sandbox import Control

Person = tuple[str, str]
"""A webinar and an address in small letters: whom GoTo knows once."""

ROOM: Final = 12
"""People whom the small webinar takes."""

NAMES: Final = ("Vorname", "Nachname", "Heimatort")
"""What every name and city here begins with, and no log may hold."""


class Fate(enum.Enum):
    """What must become of a record."""

    TAKEN = "GoTo takes them"
    PERHAPS = "GoTo takes them if there is room"
    REFUSED = "GoTo does not take them"
    WRONG = "cannot be sent"
    DELETED = "is not sent"

    @property
    def is_sent(self) -> bool:
        return self in {Fate.TAKEN, Fate.PERHAPS, Fate.REFUSED}


@dataclass(frozen=True)
class Entry:
    """A record of the input, the address and webinar that the row about it has, and what must become of it."""

    record: dict[str, Any]
    email: str | None
    webinar: str | None
    fate: Fate

    @property
    def person(self) -> Person:
        return self.webinar or "", (self.email or "").casefold()

    @property
    def line(self) -> bytes:
        return json.dumps({"type": "RECORD", "stream": "people", "record": self.record}).encode() + b"\n"


@dataclass(frozen=True)
class State:
    """A STATE of the input, by the bytes of its value."""

    value: bytes

    @property
    def line(self) -> bytes:
        return b'{"type": "STATE", "value": %b}\n' % self.value


Item = Entry | State

SCHEMA: Final = (
    b'{"type": "SCHEMA", "stream": "people", "schema": {"properties": {"email": {}}}, "key_properties": ["email"]}\n'
)


class TargetInput:
    """Webinars in a sandbox, some people in them, and an input with more people for them.

    Attributes:
        items: The input after its SCHEMA.
        owner: The organizer whose token it is.
        webinar_key: For whom no webinar is named.
        webinars: All others.
    """

    def __init__(self, control: Control, rng: Random, size: int) -> None:
        """Open the webinars, in a sandbox with two organizers and none, and make up an input of so many records."""
        self._rng = rng
        self._number = 0
        self.owner, other = (row["organizerKey"] for row in control.expected_records()["organizers"])
        self.webinar_key = control.add_webinar()
        self.webinars = {
            "small": control.add_webinar(registrationLimit=ROOM),
            "manual": control.add_webinar(approvalType="MANUAL"),
            "big": control.add_webinar(),
            "closed": control.add_webinar(registrationClosed=True),
            "foreign": control.add_webinar(organizerKey=other),
            "demanding": control.add_webinar(requiredFields=["city"]),
        }
        # A list of them comes in pages.
        control.add_registrants(self.webinars["big"], 200)
        kinds, weights = zip(*self._kinds(other), strict=True)
        people = [rng.choices(kinds, weights)[0]() for _ in range(size)]
        for entry in people[: size // 20]:
            if entry.fate is Fate.TAKEN:
                names = {name: entry.record[name] for name in ("email", "firstName", "lastName")}
                control.add_registrants(entry.webinar or "", people=[names])
        people += [self._again(entry) for entry in rng.sample(people, size // 10) if entry.fate.is_sent]
        rng.shuffle(people)
        self.items = self._with_states(people)

    @property
    def all_webinars(self) -> list[str]:
        return [self.webinar_key, *self.webinars.values()]

    @property
    def entries(self) -> list[Entry]:
        return [item for item in self.items if isinstance(item, Entry)]

    def _kinds(self, other: str) -> list[tuple[Callable[[], Entry], float]]:
        """Return who may be in the input, and how often."""
        small, manual, big, closed, foreign, demanding = self.webinars.values()
        return [
            (lambda: self._entry(Fate.TAKEN, None), 3),
            (lambda: self._entry(Fate.TAKEN, manual), 2),
            (lambda: self._entry(Fate.TAKEN, big), 3),
            (lambda: self._entry(Fate.TAKEN, foreign, organizerKey=other), 1),
            (lambda: self._entry(Fate.TAKEN, demanding, city=f"Heimatort {self._number}"), 2),
            (lambda: self._entry(Fate.PERHAPS, small), 1.5),
            (lambda: self._entry(Fate.REFUSED, demanding), 0.3),
            (lambda: self._entry(Fate.REFUSED, closed), 0.4),
            (lambda: self._entry(Fate.REFUSED, foreign), 0.3),
            (lambda: self._entry(Fate.REFUSED, "12345678901234567"), 0.3),
            (lambda: self._entry(Fate.DELETED, big, _sdc_deleted_at="2026-03-01T12:00:00Z"), 0.4),
            (self._wrong, 0.6),
        ]

    def _entry(self, fate: Fate, webinar: str | None, **more: object) -> Entry:
        self._number += 1
        number = self._number
        email = self._rng.choice((f"nr.{number}@example.com", f"Nr.{number}@Example.org"))
        record = {"email": email, "firstName": f"Vorname{number}", "lastName": f"Nachname {number} é", **more}
        if webinar is not None:
            record["webinarKey"] = self._rng.choice((webinar, int(webinar), f" {webinar}", f"0{webinar}"[-19:]))
        return Entry(record, email, webinar or self.webinar_key, fate)

    def _wrong(self) -> Entry:
        """Return somebody who cannot be sent; nobody else has the address."""
        entry = self._entry(Fate.WRONG, self._rng.choice([*self.webinars.values()]))
        record, email, webinar = dict(entry.record), entry.email, entry.webinar
        match self._rng.randrange(5):
            case 0:
                email = record["email"] = f"nobody.{self._number}"
            case 1:
                del record["lastName"]
            case 2:
                record["webinarKey"], webinar = 1.5, None
            case 3:
                record["firstName"] = {"first": "Vorname"}
            case _:
                record["responses"] = [{"questionKey": "Heimatort", "responseText": "Heimatort"}]
        return Entry(record, email, webinar, Fate.WRONG)

    def _again(self, entry: Entry) -> Entry:
        """Return the same person with the address written in another way."""
        email = self._rng.choice((str.upper, str.title, str))(entry.email or "")
        record = {**entry.record, "email": f" {email}\n"}
        return Entry(record, email, entry.webinar, entry.fate)

    def _with_states(self, people: Sequence[Entry]) -> list[Item]:
        items: list[Item] = [*people]
        places = sorted(self._rng.choices(range(len(people)), k=len(people) // 6))
        for place in [len(people), *reversed(places)]:
            items.insert(place, State(b""))
        for place, item in enumerate(items):
            if isinstance(item, State):
                value = {"bookmarks": {"people": {"place": place, "Zoë": 12345678901234567890, "half": 0.5}}}
                items[place] = State(json.dumps(value).encode())
        return items


def written(items: Sequence[Item]) -> bytes:
    """Return what a tap writes that has these messages."""
    return SCHEMA + b"".join(item.line for item in items)


def complete(items: Sequence[Item], length: int) -> tuple[list[Item], bool]:
    """Return the messages that are whole in an input that breaks off, and whether it breaks off inside of one."""
    end, whole = len(SCHEMA), list[Item]()
    if length < end:
        return [], 0 < length < end - 1
    for item in items:
        # A last line needs no end.
        if length < end + len(item.line) - 1:
            return whole, length > end
        end += len(item.line)
        whole.append(item)
    return whole, False
