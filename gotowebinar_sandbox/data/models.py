"""The things a made-up world consists of, before they take any shape on the wire."""

from datetime import UTC, datetime

import msgspec

NEVER = datetime.max.replace(tzinfo=UTC)


class Organizer(msgspec.Struct, frozen=True):
    """Someone of the account who holds webinars."""

    key: int
    first_name: str
    last_name: str
    email: str

    @property
    def name(self) -> str:
        """First and last name, as GoTo shows them."""
        return f"{self.first_name} {self.last_name}"


class Window(msgspec.Struct, frozen=True):
    """A stretch of time."""

    start: datetime
    end: datetime


class Session(msgspec.Struct, kw_only=True, frozen=True):
    """One time a webinar was really held.

    Attributes:
        window: From its real start to its real end.
        practice: Only the organizer was there.
        guests: The registrantKeys of those who attended, where someone decided it; None: it is made up.
    """

    key: int
    webinar_key: int
    window: Window
    practice: bool = False
    guests: frozenset[int] | None = None


class Webinar(msgspec.Struct, kw_only=True):
    """A webinar.

    Attributes:
        times: When it takes place, in order; several for a sequence, none if nobody has said yet.
        registration: When people registered for it. Set once: moving a webinar does not change who registered.
        size: How many people registered before the world began.
        recurrence_key: What the webinars of one series have in common.
        status: NEW, or UPDATED once it was changed.
    """

    key: int
    webinar_id: str
    organizer_key: int
    omid: str
    subject: str
    description: str
    times: list[Window]
    registration: Window
    size: int
    time_zone: str = "Europe/Oslo"
    locale: str = "en_US"
    approval_type: str = "AUTOMATIC"
    recurrence_type: str = "single_session"
    recurrence_key: int | None = None
    status: str = "NEW"
    experience_type: str = "CLASSIC"
    impromptu: bool = False
    is_password_protected: bool = False
    is_ondemand: bool = False
    registration_limit: int = 1000
    registration_closed: bool = False

    @property
    def ends_at(self) -> datetime:
        """When it is over for good."""
        return self.times[-1].end if self.times else NEVER

    def overlaps(self, start: datetime, end: datetime) -> bool:
        """Tell whether any of its times touches the window; without times it is in all of them."""
        return not self.times or any(time.start <= end and time.end >= start for time in self.times)

    def in_session(self, now: datetime) -> bool:
        """Tell whether it is running."""
        return any(time.start <= now < time.end for time in self.times)
