"""Time as GoTo writes it, and the clock the made-up world lives by."""

from datetime import UTC, datetime


def stamp(moment: datetime) -> str:
    """Write an instant as the API does: ``2026-03-13T10:00:00Z``."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def instant(text: str) -> datetime:
    """Read an ISO 8601 time; without an offset it is UTC.

    Raises:
        ValueError: The text is not an ISO 8601 date-time.
    """
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class Clock:
    """The time of the made-up world: the real present, or stopped at a given instant."""

    def __init__(self, now: str | None) -> None:
        """Stop the clock at an ISO 8601 instant, or let it run with the real one."""
        self._stopped_at: datetime | None = None
        self.set(now)

    def set(self, now: str | None) -> None:
        """Move the clock; None sets it going with the real one."""
        self._stopped_at = None if now is None else instant(now)

    def now(self) -> datetime:
        """Return the present of the made-up world, in UTC."""
        return self._stopped_at or datetime.now(UTC)
