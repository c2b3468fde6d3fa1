"""The errors of a call to GoTo.

Every message is one line for the person who runs the tap: it holds paths, keys, statuses and setting names, never a
body, a token or personal data.
"""

import pathlib
import traceback


class GoToWebinarError(Exception):
    """An expected failure; its text is the whole message."""


class AuthenticationError(GoToWebinarError):
    """The credentials do not work, or no longer."""


class CallError(GoToWebinarError):
    """One call failed; other calls may succeed."""


class ForbiddenError(CallError):
    """GoTo understood the call and does not allow it: 403 that is not about the token."""


class NotFoundError(CallError):
    """The resource does not exist (any more): 404.

    Attributes:
        is_final: Whether the response is GoTo's own; an empty 404 counts for this run only.
    """

    def __init__(self, text: str, *, is_final: bool = True) -> None:
        super().__init__(text)
        self.is_final = is_final


class UnexpectedStatusError(CallError):
    """A status that another attempt would meet again: other 4xx, redirects."""


class TransientError(GoToWebinarError):
    """A failure that the same call may not meet again: no connection, time-out, 5xx, a malformed response.

    Attributes:
        retry_after: Seconds that GoTo asks to wait before the next attempt; None: it does not say.
    """

    def __init__(self, text: str, *, retry_after: float | None = None) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class ConnectError(TransientError):
    """No connection was made: the request was not sent."""


class MalformedResponseError(TransientError):
    """A 200 that is not whole: no JSON, truncated, an envelope without the rows it counts."""


class InvalidRowError(GoToWebinarError):
    """One row of a response cannot become a record; the other rows can."""


class UnreadableResponseError(CallError):
    """A whole response that the code cannot read; another attempt would bring the same."""


class ResponseTooLargeError(GoToWebinarError):
    """A response that is too large; another attempt would bring the same."""


class RetriesExhaustedError(CallError):
    """A call whose attempts all failed in a transient way."""


class OutputError(GoToWebinarError):
    """The output cannot be written: its reader is gone, or the disk is full."""


class RateLimitedError(GoToWebinarError):
    """GoTo asks for a pause that is longer than `LONGEST_PAUSE`."""


class SharedBudgetError(GoToWebinarError):
    """The database of `rate_budget_url` cannot be used, and no call may be sent without it."""


def internal_error(error: Exception) -> str:
    """Return the line about an unexpected error, without its text, which may hold data."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{pathlib.PurePath(frame.filename).name}, line {frame.lineno}"
    return f"internal error: {type(error).__name__} in {place}; please report it"
