"""What can happen to a made-up world while it runs."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from gotowebinar_sandbox.data.clock import instant, stamp
from gotowebinar_sandbox.data.models import Webinar, Window
from gotowebinar_sandbox.data.people import person
from gotowebinar_sandbox.data.registrant_list import IN_DETAIL, IN_LIST
from gotowebinar_sandbox.data.registrants import join_url
from gotowebinar_sandbox.data.registration_forms import required_field, short_answer
from gotowebinar_sandbox.data.session_calendar import SessionCalendar
from gotowebinar_sandbox.data.webinars import registration_window
from gotowebinar_sandbox.data.world import World
from gotowebinar_sandbox.serializers.schemas import Registrant

# Fields of a new webinar by their names on the wire, beside times, organizerKey and questions.
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


class UnknownError(Exception):
    """A webinar, registrant, organizer or field that the world does not have."""


class Changes:
    """Lets things happen in a world that GoTo's users, not its clients, would do."""

    def __init__(self, world: World, diary: SessionCalendar) -> None:
        """Change a world."""
        self._world = world
        self._diary = diary
        self._newcomers = world.people

    def add_webinar(self, fields: Mapping[str, Any]) -> int:
        """Add a webinar without registrants; by default next week, single, with automatic approval.

        Args:
            fields: Fields by their names on the wire; ``times`` as ``[{startTime, endTime}]`` (may be empty);
                ``organizerKey``; ``requiredFields``, names of standard fields that must be filled in; ``questions``,
                texts of custom questions that must be answered.

        Returns:
            The webinarKey.

        Raises:
            UnknownError: There is no such field or organizer.
        """
        known = {"times", "organizerKey", "questions", "requiredFields", "recurrenceKey"} | WEBINAR_FIELDS.keys()
        refuse_unknown(fields.keys() - known)
        organizer_key = self._organizer(fields.get("organizerKey", self._world.owner.key))
        times = self._next_week() if "times" not in fields else _windows(fields["times"])
        key = self._world.new_key()
        chosen = {attribute: fields[name] for name, attribute in WEBINAR_FIELDS.items() if name in fields}
        defaults = {"subject": f"A new webinar ({key % 1000})", "description": "Just added."}
        self._world.webinars[key] = webinar = Webinar(
            key=key,
            webinar_id=f"{key % 10**9:09d}",
            organizer_key=organizer_key,
            omid=f"{key % 10**8:08d}",
            times=times,
            registration=registration_window(times, self._world.anchor),
            size=0,
            recurrence_key=number(fields.get("recurrenceKey", key))
            if fields.get("recurrenceType") == "series"
            else None,
            **{**defaults, **chosen},
        )
        self._require(webinar, fields.get("requiredFields", ()), fields.get("questions", ()))
        self._world.touch()
        return key

    def move_webinar(self, webinar_key: str, starts_at: str) -> None:
        """Let a webinar start at another time; all its times move along, sessions that are over stay."""
        webinar = self.webinar(webinar_key)
        self._diary.persist(webinar)
        webinar.times = webinar.times or self._next_week()
        by = instant(starts_at) - webinar.times[0].start
        webinar.times = [Window(time.start + by, time.end + by) for time in webinar.times]
        webinar.status = "UPDATED"
        self._world.touch()

    def reassign_webinar(self, webinar_key: str, organizer_key: str) -> None:
        """Hand a webinar over to another organizer."""
        webinar = self.webinar(webinar_key)
        webinar.organizer_key, webinar.status = self._organizer(organizer_key), "UPDATED"
        self._world.touch()

    def cancel_webinar(self, webinar_key: str) -> None:
        """Cancel a webinar: it is gone from the lists and answers 404."""
        webinar = self._world.webinars.pop(self.webinar(webinar_key).key)
        self._world.cancelled[webinar.key] = self._world.clock.now()
        self._world.touch()

    def add_registrants(self, webinar_key: str, people: Sequence[Mapping[str, Any]]) -> list[int]:
        """Register people, at the end of the list; what is not given is made up.

        Args:
            webinar_key: For which webinar.
            people: Fields of each person by their names on the wire; ``{}`` for anyone.

        Returns:
            The registrantKeys.
        """
        webinar = self.webinar(webinar_key)
        return [self._add_registrant(webinar, fields) for fields in people]

    def change_registrant(self, webinar_key: str, registrant_key: str, fields: Mapping[str, Any]) -> None:
        """Change fields of a registrant by their names on the wire; a new status takes or gives the joinUrl."""
        webinar = self.webinar(webinar_key)
        refuse_unknown(fields.keys() - IN_DETAIL.keys() | fields.keys() & {"registrantKey", "responses"})
        registrant = self.registrant(webinar, registrant_key)
        told = dict(self._world.details(webinar, registrant))
        self._world.registrant_list(webinar).change(registrant.registrant_key, told, dict(fields))

    def cancel_registrant(self, webinar_key: str, registrant_key: str) -> None:
        """Take a registrant off the list: gone, and 404 by key."""
        webinar = self.webinar(webinar_key)
        self._world.registrant_list(webinar).remove(self.registrant(webinar, registrant_key).registrant_key)

    def webinar(self, webinar_key: str) -> Webinar:
        """Return a webinar.

        Raises:
            UnknownError: There is none with this key.
        """
        webinar = self._world.webinars.get(number(webinar_key))
        if webinar is None:
            message = f"no webinar {webinar_key}"
            raise UnknownError(message)
        return webinar

    def registrant(self, webinar: Webinar, registrant_key: str) -> Registrant:
        """Return a registrant.

        Raises:
            UnknownError: The webinar has none with this key.
        """
        registrant = self._world.registrant_list(webinar).registrants.get(number(registrant_key))
        if registrant is None:
            message = f"no registrant {registrant_key}"
            raise UnknownError(message)
        return registrant

    def _require(self, webinar: Webinar, names: Sequence[str], questions: Sequence[str]) -> None:
        form = self._world.form(webinar)
        form.fields = [field for field in form.fields if field.field not in names]
        form.fields += [required_field(name) for name in names]
        form.questions += [short_answer(self._world.new_key(), text, required=True) for text in questions]

    def _next_week(self) -> list[Window]:
        start = self._world.clock.now().replace(microsecond=0) + timedelta(weeks=1)
        return [Window(start, start + timedelta(hours=1))]

    def _organizer(self, organizer_key: str | int) -> int:
        key = number(organizer_key)
        if key not in self._world.organizers:
            message = f"no organizer {organizer_key}"
            raise UnknownError(message)
        return key

    def _add_registrant(self, webinar: Webinar, fields: Mapping[str, Any]) -> int:
        refuse_unknown(fields.keys() - IN_DETAIL.keys() | fields.keys() & {"registrantKey", "responses"})
        key = self._world.new_key()
        self._newcomers += 1
        who = person(self._newcomers)
        status = fields.get("status", "WAITING" if webinar.approval_type == "MANUAL" else "APPROVED")
        made_up = {
            "firstName": who.first_name,
            "lastName": who.last_name,
            "email": who.email,
            "status": status,
            "registrationDate": stamp(self._world.clock.now()),
            "joinUrl": join_url(webinar.key, key) if status == "APPROVED" else None,
            "timeZone": who.time_zone,
        }
        whole = {**made_up, **fields}
        listed = {IN_LIST[name]: value for name, value in whole.items() if name in IN_LIST}
        told = {IN_DETAIL[name]: value for name, value in whole.items() if name not in IN_LIST}
        self._world.registrant_list(webinar).add(Registrant(registrant_key=key, **listed), told)
        return key


def _windows(times: Sequence[Mapping[str, str]]) -> list[Window]:
    return [Window(instant(time["startTime"]), instant(time["endTime"])) for time in times]


def refuse_unknown(names: set[str]) -> None:
    """Refuse fields that nobody knows.

    Raises:
        UnknownError: There are some.
    """
    if names:
        message = f"no such field: {', '.join(sorted(names))}"
        raise UnknownError(message)


def number(key: str | int) -> int:
    """Read a key; what is none stands for nobody."""
    return int(key) if str(key).isdigit() else -1
