"""Webinars, panelists and co-organizers in the format of the API (API reference, sections 5.1, 5.2, 5.11, 13)."""

from collections.abc import Sequence
from typing import Any

from gotowebinar_sandbox.data.models import Webinar, Window, format_time
from gotowebinar_sandbox.data.panelists import Staff
from gotowebinar_sandbox.data.randomness import long_key, random_fraction, seeded_random
from gotowebinar_sandbox.data.registrants import join_url
from gotowebinar_sandbox.data.world import World

Row = dict[str, Any]


class WebinarSerializer:
    """The webinars of a world."""

    def __init__(self, world: World) -> None:
        """Serialize the webinars of a world."""
        self._world = world

    def listed(self, webinar: Webinar) -> Row:
        """Return a webinar of a list: keys are strings, the id is ``webinarId``, the experience is in upper case."""
        row: Row = {
            "webinarKey": str(webinar.key),
            "webinarId": webinar.webinar_id,
            "organizerKey": str(webinar.organizer_key),
            "accountKey": str(self._world.account_key),
            "omid": webinar.omid,
            "subject": webinar.subject,
            "description": webinar.description,
            "times": occurrences(webinar.times),
            "timeZone": webinar.time_zone,
            "locale": webinar.locale,
            "approvalType": webinar.approval_type,
            "registrationUrl": _registration_url(webinar),
            "impromptu": webinar.impromptu,
            "isPasswordProtected": webinar.is_password_protected,
            "recurrenceType": webinar.recurrence_type,
            "experienceType": webinar.experience_type,
        }
        if self._world.live_fields:
            series = {} if webinar.recurrence_key is None else {"recurrenceKey": str(webinar.recurrence_key)}
            row |= {
                "status": webinar.status,
                **series,
                "registrationSettingsKey": str(long_key(seeded_random(webinar.key, "registration settings"))),
                "breakoutsAllowed": _draw(webinar, "breakouts"),
            }
        return row

    def by_key(self, webinar: Webinar) -> Row:
        """Return a webinar of get-by-key: two keys are numbers, a sequence has only its upcoming times."""
        now = self._world.clock.now()
        organizer = self._world.organizers[webinar.organizer_key]
        sequence = webinar.recurrence_type == "sequence"
        whole: Row = {
            "webinarKey": webinar.key,
            "webinarID": webinar.webinar_id,
            "organizerKey": organizer.key,
            "accountKey": str(self._world.account_key),
            "organizerEmail": organizer.email,
            "organizerName": organizer.name,
            "subject": webinar.subject,
            "description": webinar.description,
            "times": occurrences([time for time in webinar.times if not sequence or time.start > now]),
            "timeZone": webinar.time_zone,
            "registrationUrl": _registration_url(webinar),
            "inSession": webinar.in_session(now),
            "impromptu": webinar.impromptu,
            "isPasswordProtected": webinar.is_password_protected,
            "type": webinar.recurrence_type,
            "recurrencePeriod": webinar.recurrence_type,
            "numberOfRegistrants": self._world.count(webinar),
            "registrationLimit": webinar.registration_limit,
            "locale": webinar.locale,
            "experienceType": webinar.experience_type.lower(),
        }
        if self._world.live_fields:
            whole |= {
                "name": webinar.subject,
                "replyTo": {"name": organizer.name, "email": organizer.email},
                "isOndemand": webinar.is_ondemand,
                "broadcast": webinar.experience_type == "BROADCAST",
                "pendingRegistrants": self._world.count(webinar, "WAITING"),
                "deniedRegistrants": self._world.count(webinar, "DENIED"),
                "breakoutsAllowed": _draw(webinar, "breakouts"),
                "isMainOrganizerActive": True,
                "hasDisclaimer": _draw(webinar, "disclaimer"),
                "verifyHumanRegistrant": _draw(webinar, "human"),
                "webinarSchedulingContext": "DEFAULT",
            }
        return whole


def occurrences(times: Sequence[Window]) -> list[Row]:
    """Return the times of a webinar."""
    return [{"startTime": format_time(time.start), "endTime": format_time(time.end)} for time in times]


def panelists(staff: Staff, webinar: Webinar) -> list[Row]:
    """Return the panelists of a webinar: the key is a number; some have the parts of the name."""
    return [
        {
            "panelistId": key,
            "name": f"{who.first_name} {who.last_name}",
            **({"firstName": who.first_name, "lastName": who.last_name} if key % 2 else {}),
            "email": who.email,
            "joinLink": join_url(webinar.key, key),
        }
        for key, who in staff.panelists(webinar).items()
    ]


def coorganizers(staff: Staff, webinar: Webinar) -> list[Row]:
    """Return the co-organizers of a webinar: the key is a string; an external one has no surname."""
    return [
        {
            "memberKey": str(key),
            "givenName": who.first_name,
            **({"surname": who.last_name} if key in staff.organizers else {}),
            "email": who.email,
            "external": key not in staff.organizers,
            "joinLink": join_url(webinar.key, key),
        }
        for key, who in staff.coorganizers(webinar).items()
    ]


def _draw(webinar: Webinar, setting: str) -> bool:
    """Return a made-up setting, on for half of the webinars."""
    return random_fraction(webinar.key, setting) < 1 / 2


def _registration_url(webinar: Webinar) -> str:
    return f"https://attendee.gotowebinar.com/register/{webinar.key}"
