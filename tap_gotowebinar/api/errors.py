"""The ways in which a call to GoTo can end other than well.

Every message is one line for the person who runs the tap: it holds paths, keys, statuses and setting names,
never a body, a token or a person.
"""

from __future__ import annotations

import pathlib
import traceback


class GoToWebinarError(Exception):
    """Something the tap can put a name to; its text is the whole message."""


class AuthenticationError(GoToWebinarError):
    """The credentials do not work, or no longer."""


class CallError(GoToWebinarError):
    """One call did not bring what it was made for; others may."""


class ForbiddenError(CallError):
    """GoTo understood the call and does not allow it: 403 that is not about the token."""


class NotFoundError(CallError):
    """There is no such thing (any more): 404.

    Attributes:
        is_final: Whether GoTo said so in its own words; an empty 404 is believed for this run only.
    """

    def __init__(self, text: str, *, is_final: bool = True) -> None:
        """Say what is not there."""
        super().__init__(text)
        self.is_final = is_final


class UnexpectedStatusError(CallError):
    """An answer that repeating the call cannot mend: other 4xx, redirects."""


class TransientError(GoToWebinarError):
    """A failure that the same call may not meet again: no connection, time-out, 5xx, an answer that makes no sense."""


class ConnectError(TransientError):
    """No connection came about: whatever was to be done has not been done."""


class MalformedResponseError(TransientError):
    """A 200 that did not arrive whole: no JSON, cut off, an empty envelope that should have rows."""


class InvalidRowError(GoToWebinarError):
    """One row of an answer cannot become a record; the rows around it can."""


class UnreadableResponseError(CallError):
    """An answer that arrived whole and that the code cannot read; asked again, it would be the same."""


class ResponseTooLargeError(GoToWebinarError):
    """An answer of more bytes than are taken; asked again, it would be as large."""


class RetriesExhaustedError(CallError):
    """A call that failed in a transient way each time it was tried."""


class OutputError(GoToWebinarError):
    """What was read cannot be handed on: the reader is gone, or the disk is full."""


class RateLimitedError(GoToWebinarError):
    """GoTo asks for a longer pause than a run should sit through."""


class SharedBudgetError(GoToWebinarError):
    """The database of `rate_budget_url` cannot be used: without it nobody knows when a call may be sent."""


def internal_error(error: Exception) -> str:
    """Return the line about an error that nobody foresaw; its own text may hold data."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{pathlib.PurePath(frame.filename).name}, line {frame.lineno}"
    return f"internal error: {type(error).__name__} in {place}; please report it"
