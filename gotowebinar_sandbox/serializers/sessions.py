"""Gives sessions and attendees the shapes they have on the wire."""

from datetime import timedelta

from gotowebinar_sandbox.data.attendance import seconds
from gotowebinar_sandbox.data.clock import stamp
from gotowebinar_sandbox.data.models import Organizer
from gotowebinar_sandbox.data.randomness import random_fraction
from gotowebinar_sandbox.data.session_activity import SessionActivity
from gotowebinar_sandbox.data.world import World
from gotowebinar_sandbox.serializers.session_schemas import Attendee, Presence, SessionRow

# GoTo publishes no meaning of its codes.
WEBINAR_TYPES = {"single_session": 1, "series": 2, "sequence": 3}
STARTED_BY_ANOTHER = 0.15
FOLLOW_UP_AFTER = timedelta(days=1)
TERSE = 0.3


class SessionSerializer:
    """Sessions and attendees as the lists show them."""

    def __init__(self, world: World) -> None:
        """Show the sessions of a world."""
        self._world = world

    def row(self, activity: SessionActivity) -> SessionRow:
        """Return a session; some leave the optional fields out, and a mail follows the others after a day."""
        webinar, session = activity.webinar, activity.session
        creator, starter = self._world.organizers[webinar.organizer_key], self._starter(activity)
        row = SessionRow(
            session_key=str(session.key),
            webinar_key=str(webinar.key),
            webinar_id=webinar.webinar_id,
            webinar_name=webinar.subject,
            start_time=stamp(session.window.start),
            end_time=stamp(session.window.end),
            time_zone=webinar.time_zone,
            registrants_attended=len(activity.present),
            registrant_count=len(activity.registrant_list),
            account_key=str(self._world.account_key),
            creating_organizer_key=str(creator.key),
            creating_organizer_name=creator.name,
            starting_organizer_key=str(starter.key),
            starting_organizer_name=starter.name,
            total_poll_count=len(activity.polls.questions),
            experience_type=webinar.experience_type,
        )
        if random_fraction(session.key, "terse") >= TERSE:
            row.webinar_type = WEBINAR_TYPES[webinar.recurrence_type]
            row.num_reg_link_clicks = activity.link_clicks
            row.num_opened_invitations = activity.opened_invitations
            row.include_certificate = bool(session.key % 2)
            row.followup_email_triggered = self._world.clock.now() >= session.window.end + FOLLOW_UP_AFTER
            row.build_number = "10.19.0"
        return row

    def attendee(self, activity: SessionActivity, registrant_key: int, part: int | None = None) -> Attendee:
        """Return a row of the list of a session: keys are numbers; of all spells, or the one of this number."""
        who, intervals = activity.registrant_list.registrants[registrant_key], activity.intervals(registrant_key)
        if part is not None:
            intervals = [sorted(intervals, key=lambda interval: interval.start)[part]]
        return Attendee(
            registrant_key=registrant_key,
            session_key=activity.session.key,
            email=who.email,
            first_name=who.first_name,
            last_name=who.last_name,
            attendance_time_in_seconds=seconds(intervals),
            attendance=[Presence(stamp(interval.start), stamp(interval.end)) for interval in intervals],
        )

    def attendee_of_webinar(self, activity: SessionActivity, registrant_key: int, part: int | None = None) -> Attendee:
        """Return a row of the list of a webinar: keys are strings, as one client of GoTo's reads them."""
        row = self.attendee(activity, registrant_key, part)
        row.registrant_key, row.session_key = str(row.registrant_key), str(row.session_key)
        return row

    def _starter(self, activity: SessionActivity) -> Organizer:
        """Return who started a session: now and then a colleague."""
        organizers = self._world.organizers
        others = [other for key, other in organizers.items() if key != activity.webinar.organizer_key]
        if others and random_fraction(activity.session.key, "starter") < STARTED_BY_ANOTHER:
            return others[activity.session.key % len(others)]
        return organizers[activity.webinar.organizer_key]
