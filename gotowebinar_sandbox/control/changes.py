"""Changes to webinars, registrants and panelists of a running sandbox; `Control` documents each."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from gotowebinar_sandbox.data.models import Webinar, Window, format_time, parse_time
from gotowebinar_sandbox.data.panelists import Members
from gotowebinar_sandbox.data.people import person
from gotowebinar_sandbox.data.registrants import DETAILS, LISTED, Registrant, new_registrant
from gotowebinar_sandbox.data.registration_forms import form_field, question
from gotowebinar_sandbox.data.webinars import registration_window
from gotowebinar_sandbox.state import SandboxState

# Fields of a new webinar by their names in the API, and the attributes they set; the others are handled one by one.
WEBINAR_FIELDS = {
    "subject": "subject",
    "description": "description",
    "timeZone": "time_zone",
    "locale": "locale",
    "approvalType": "approval_type",
    "recurrenceType": "recurrence_type",
    "experienceType": "experience_type",
    "registrationLimit": "registration_limit",
    "registrationClosed": "registration_closed",
    "isPasswordProtected": "is_password_protected",
}
OTHER_FIELDS = {"times", "organizerKey", "questions", "requiredFields", "recurrenceKey"}
REGISTRANT_FIELDS = (LISTED.keys() | DETAILS) - {"registrantKey", "responses"}
Key = str | int


class UnknownError(Exception):
    """An unknown webinar, registrant, organizer or field."""


class Changes:
    """Changes that people make at GoTo, not through the API."""

    def __init__(self, state: SandboxState) -> None:
        """Change a world."""
        self._state = state
        self._world = state.world
        self._newcomers = state.world.people

    def add_webinar(self, fields: Mapping[str, Any]) -> str:
        """Add a webinar without registrants and return its key."""
        reject_unknown(fields.keys() - WEBINAR_FIELDS.keys() - OTHER_FIELDS)
        organizer_key = self._organizer(fields.get("organizerKey", self._world.owner.key))
        times = self._next_week()
        if "times" in fields:
            times = [Window(parse_time(time["startTime"]), parse_time(time["endTime"])) for time in fields["times"]]
        key = self._world.new_key()
        chosen = {attribute: fields[name] for name, attribute in WEBINAR_FIELDS.items() if name in fields}
        defaults = {"subject": f"A new webinar ({key % 1000})", "description": "Just added."}
        series = fields.get("recurrenceType") == "series"
        self._world.webinars[key] = webinar = Webinar(
            key=key,
            webinar_id=f"{key % 10**9:09d}",
            organizer_key=organizer_key,
            omid=f"{key % 10**8:08d}",
            times=times,
            registration=registration_window(times, self._world.anchor),
            size=0,
            recurrence_key=int(fields.get("recurrenceKey", key)) if series else None,
            **{**defaults, **chosen},
        )
        form, required = self._world.form(webinar), fields.get("requiredFields", ())
        form["fields"] = [field for field in form["fields"] if field["field"] not in required]
        form["fields"] += [form_field(name, required=True) for name in required]
        form["questions"] += [
            question(self._world.new_key(), text, required=True) for text in fields.get("questions", ())
        ]
        return str(key)

    def move_webinar(self, webinar_key: Key, starts_at: str) -> None:
        """Move a webinar to another time."""
        webinar = find_webinar(self._state, webinar_key)
        self._state.calendar.persist(webinar)
        webinar.times = webinar.times or self._next_week()
        shift = parse_time(starts_at) - webinar.times[0].start
        webinar.times = [Window(time.start + shift, time.end + shift) for time in webinar.times]
        webinar.status = "UPDATED"

    def reassign_webinar(self, webinar_key: Key, organizer_key: Key) -> None:
        """Hand a webinar over to another organizer."""
        webinar = find_webinar(self._state, webinar_key)
        webinar.organizer_key = self._organizer(organizer_key)
        webinar.status = "UPDATED"

    def cancel_webinar(self, webinar_key: Key) -> None:
        """Cancel a webinar."""
        webinar = find_webinar(self._state, webinar_key)
        del self._world.webinars[webinar.key]
        self._world.cancelled[webinar.key] = self._world.clock.now()

    def add_registrants(self, webinar_key: Key, people: Sequence[Mapping[str, Any]]) -> list[str]:
        """Register people and return their keys."""
        webinar = find_webinar(self._state, webinar_key)
        return [str(self._add_registrant(webinar, fields)) for fields in people]

    def change_registrant(self, webinar_key: Key, registrant_key: Key, fields: dict[str, Any]) -> None:
        """Change fields of a registrant."""
        webinar = find_webinar(self._state, webinar_key)
        reject_unknown(fields.keys() - REGISTRANT_FIELDS)
        registrant = find_registrant(self._state, webinar, registrant_key)
        details = self._world.details(webinar, registrant)
        self._world.registrants(webinar).change(registrant.registrant_key, details, fields)

    def cancel_registrant(self, webinar_key: Key, registrant_key: Key) -> None:
        """Cancel a registration."""
        webinar = find_webinar(self._state, webinar_key)
        registrant = find_registrant(self._state, webinar, registrant_key)
        self._world.registrants(webinar).remove(registrant.registrant_key)

    def add_member(self, webinar_key: Key, kind: str) -> str:
        """Add a new person to the panelists or co-organizers and return the key."""
        return str(self._state.staff.add(self._members(webinar_key, kind)))

    def add_recording(self, webinar_key: Key, name: str) -> str:
        """Add a recording that was made now and return its key."""
        return self._state.calendar.add_recording(find_webinar(self._state, webinar_key), name)

    def _members(self, webinar_key: Key, kind: str) -> Members:
        webinar, staff = find_webinar(self._state, webinar_key), self._state.staff
        return staff.panelists(webinar) if kind == "panelists" else staff.coorganizers(webinar)

    def _next_week(self) -> list[Window]:
        start = self._world.clock.now().replace(microsecond=0) + timedelta(weeks=1)
        return [Window(start, start + timedelta(hours=1))]

    def _organizer(self, organizer_key: Key) -> int:
        key = number(organizer_key)
        if key not in self._world.organizers:
            message = f"no organizer {organizer_key}"
            raise UnknownError(message)
        return key

    def _add_registrant(self, webinar: Webinar, fields: Mapping[str, Any]) -> int:
        reject_unknown(fields.keys() - REGISTRANT_FIELDS)
        key = self._world.new_key()
        self._newcomers += 1
        status = fields.get("status", "WAITING" if webinar.approval_type == "MANUAL" else "APPROVED")
        date = format_time(self._world.clock.now())
        registrant = new_registrant(webinar, key, person(self._newcomers), status=status, date=date)
        people = self._world.registrants(webinar)
        people.add(registrant, {})
        people.change(key, {}, {name: value for name, value in fields.items() if name != "status"})
        return key


def find_webinar(state: SandboxState, webinar_key: Key) -> Webinar:
    """Return the webinar with this key, or raise ``UnknownError``."""
    webinar = state.world.webinars.get(number(webinar_key))
    if webinar is None:
        message = f"no webinar {webinar_key}"
        raise UnknownError(message)
    return webinar


def find_registrant(state: SandboxState, webinar: Webinar, registrant_key: Key) -> Registrant:
    """Return the registrant with this key, or raise ``UnknownError``."""
    registrant = state.world.registrants(webinar).registrants.get(number(registrant_key))
    if registrant is None:
        message = f"no registrant {registrant_key}"
        raise UnknownError(message)
    return registrant


def reject_unknown(names: set[str]) -> None:
    """Raise ``UnknownError`` if there are unknown names of fields."""
    if names:
        message = f"no such field: {', '.join(sorted(names))}"
        raise UnknownError(message)


def number(key: Key) -> int:
    """Return a key as a number; -1, which no object has, for what is not a key."""
    return int(key) if str(key).isdigit() else -1
