"""What goes over the wire of sessions and of those who attended them (API reference, sections 5.4 and 5.8)."""

import msgspec


class SessionRow(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """A session in a list (section 5.4): keys are strings, the id is ``webinarID``, the subject ``webinarName``."""

    session_key: str
    webinar_key: str
    webinar_id: str = msgspec.field(name="webinarID")
    webinar_name: str
    start_time: str
    end_time: str
    time_zone: str
    registrants_attended: int
    registrant_count: int
    account_key: str
    creating_organizer_key: str
    creating_organizer_name: str
    starting_organizer_key: str
    starting_organizer_name: str
    total_poll_count: int
    experience_type: str
    webinar_type: int | None = None
    num_reg_link_clicks: int | None = None
    num_opened_invitations: int | None = None
    include_certificate: bool | None = None
    followup_email_triggered: bool | None = None
    build_number: str | None = None


class Presence(msgspec.Struct, rename="camel", frozen=True):
    """A stretch of time someone was there."""

    join_time: str
    leave_time: str


class Attendee(msgspec.Struct, rename="camel", kw_only=True):
    """Someone who attended a session (section 5.8): keys are numbers in the list of a session, strings in a webinar's.

    There is no webinarKey.
    """

    registrant_key: int | str
    session_key: int | str
    email: str
    first_name: str
    last_name: str
    attendance_time_in_seconds: int
    attendance: list[Presence]
