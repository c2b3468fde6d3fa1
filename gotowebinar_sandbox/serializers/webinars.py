"""Gives webinars the three shapes they have on the wire."""

import msgspec

from gotowebinar_sandbox.data.clock import stamp
from gotowebinar_sandbox.data.models import Webinar, Window
from gotowebinar_sandbox.data.randomness import long_key, random_fraction, seeded_random
from gotowebinar_sandbox.data.world import World
from gotowebinar_sandbox.serializers.schemas import (
    Coorganizer,
    InSessionWebinar,
    Occurrence,
    ReplyTo,
    WebinarByKey,
    WebinarRow,
)


class WebinarSerializer:
    """Webinars as lists, get-by-key and the in-session list show them."""

    def __init__(self, world: World) -> None:
        """Show the webinars of a world."""
        self._world = world
        self._rows: dict[int, msgspec.Raw] = {}
        self._version = world.version

    def row(self, webinar: Webinar) -> msgspec.Raw:
        """Return the encoded row of a list; encoded once until a webinar changes."""
        if self._version != self._world.version:
            self._rows.clear()
            self._version = self._world.version
        if webinar.key not in self._rows:
            self._rows[webinar.key] = msgspec.Raw(msgspec.json.encode(self.listed(webinar)))
        return self._rows[webinar.key]

    def listed(self, webinar: Webinar) -> WebinarRow:
        """Return a webinar as the lists show it."""
        row = WebinarRow(
            webinar_key=str(webinar.key),
            webinar_id=webinar.webinar_id,
            organizer_key=str(webinar.organizer_key),
            account_key=str(self._world.account_key),
            omid=webinar.omid,
            subject=webinar.subject,
            description=webinar.description,
            times=occurrences(webinar.times),
            time_zone=webinar.time_zone,
            locale=webinar.locale,
            approval_type=webinar.approval_type,
            registration_url=_registration_url(webinar),
            impromptu=webinar.impromptu,
            is_password_protected=webinar.is_password_protected,
            recurrence_type=webinar.recurrence_type,
            experience_type=webinar.experience_type,
        )
        if self._world.live_fields:
            row.status = webinar.status
            row.recurrence_key = None if webinar.recurrence_key is None else str(webinar.recurrence_key)
            row.registration_settings_key = str(long_key(seeded_random(webinar.key, "registration settings")))
            row.breakouts_allowed = _draw(webinar, "breakouts")
        return row

    def by_key(self, webinar: Webinar) -> WebinarByKey:
        """Return a webinar as get-by-key shows it: of a sequence only the times to come."""
        now = self._world.clock.now()
        organizer = self._world.organizers[webinar.organizer_key]
        sequence = webinar.recurrence_type == "sequence"
        whole = WebinarByKey(
            webinar_key=webinar.key,
            webinar_id=webinar.webinar_id,
            organizer_key=organizer.key,
            account_key=str(self._world.account_key),
            organizer_email=organizer.email,
            organizer_name=organizer.name,
            subject=webinar.subject,
            description=webinar.description,
            times=occurrences([time for time in webinar.times if not sequence or time.start > now]),
            time_zone=webinar.time_zone,
            registration_url=_registration_url(webinar),
            in_session=webinar.in_session(now),
            impromptu=webinar.impromptu,
            is_password_protected=webinar.is_password_protected,
            type=webinar.recurrence_type,
            recurrence_period=webinar.recurrence_type,
            number_of_registrants=self._world.count(webinar),
            registration_limit=webinar.registration_limit,
            locale=webinar.locale,
            experience_type=webinar.experience_type.lower(),
        )
        if self._world.live_fields:
            whole.name, whole.reply_to = webinar.subject, ReplyTo(organizer.name, organizer.email)
            whole.is_ondemand, whole.broadcast = webinar.is_ondemand, webinar.experience_type == "BROADCAST"
            whole.pending_registrants = self._world.count_status(webinar, "WAITING")
            whole.denied_registrants = self._world.count_status(webinar, "DENIED")
            whole.breakouts_allowed, whole.is_main_organizer_active = _draw(webinar, "breakouts"), True
            whole.has_disclaimer, whole.verify_human_registrant = _draw(webinar, "disclaimer"), _draw(webinar, "human")
            whole.webinar_scheduling_context = "DEFAULT"
        return whole

    def in_session(self, webinar: Webinar) -> InSessionWebinar:
        """Return a webinar as the in-session list shows it."""
        organizer = self._world.organizers[webinar.organizer_key]
        others = [other for other in self._world.organizers.values() if other is not organizer]
        return InSessionWebinar(
            webinar_key=webinar.key,
            webinar_id=webinar.webinar_id,
            organizer_key=organizer.key,
            organizer_email=organizer.email,
            organizer_name=organizer.name,
            subject=webinar.subject,
            description=webinar.description,
            times=occurrences(webinar.times),
            time_zone=webinar.time_zone,
            registration_url=_registration_url(webinar),
            number_of_registrants=self._world.count(webinar),
            in_session=webinar.in_session(self._world.clock.now()),
            impromptu=webinar.impromptu,
            is_ondemand=webinar.is_ondemand,
            experience_type=webinar.experience_type,
            coorganizers=[Coorganizer(other.email, other.key) for other in others[:1]],
        )


def _draw(webinar: Webinar, setting: str) -> bool:
    """Make up a setting that nobody chose, on for half of the webinars."""
    return random_fraction(webinar.key, setting) < 1 / 2


def _registration_url(webinar: Webinar) -> str:
    return f"https://attendee.gotowebinar.com/register/{webinar.key}"


def occurrences(times: list[Window]) -> list[Occurrence]:
    """Return times as the wire spells them."""
    return [Occurrence(stamp(time.start), stamp(time.end)) for time in times]
