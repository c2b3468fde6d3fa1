"""The options of a sandbox as data; the command line and the control interface derive from it."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import msgspec

from gotowebinar_sandbox.faults import Fault

# These shape the world and cannot change while it runs.
SHAPING = frozenset(
    {"seed", "organizers", "webinars", "registrants", "attendance", "polls", "questions", "live_fields"},
)
NOT_NEGATIVE = (
    *("webinars", "registrants", "attendance", "polls", "questions"),
    *("latency", "jitter", "rate_limit", "per_second"),
)


def _option(default: Any, meaning: str) -> Any:  # noqa: ANN401 - dataclasses.field is typed the same way
    return field(default=default, metadata={"help": meaning})


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the world contains and how the server behaves.

    Those in `SHAPING` and ``now`` shape the world when it is made. Of these only ``now`` can change while it runs: it
    moves the clock, and what was planned for the time in between takes place.
    """

    seed: int = _option(1, "random seed; the same seed at the same time makes the same data")
    organizers: int = _option(1, "organizers of the account; the credentials belong to the first")
    webinars: int = _option(5, "webinars per organizer")
    registrants: int = _option(20, "mean number of registrants per webinar; some have none, one has many")
    attendance: float = _option(0.4, "mean share of the registrants who attend a session")
    polls: int = _option(2, "maximum of polls per session; a third of the sessions have none")
    questions: float = _option(0.2, "share of the attendees who ask a question")
    live_fields: bool = _option(True, "include the webinar fields that GoTo sends but does not document")  # noqa: FBT003
    now: str | None = _option(None, "stop the clock at this ISO 8601 time (default: the clock runs)")
    latency: float = _option(0.0, "seconds before each response")
    jitter: float = _option(0.0, "most additional seconds before each response; the number is random")
    rate_limit: int = _option(0, "calls allowed in any rate window before 429; 0: no limit")
    rate_window: float = _option(60.0, "length of the rate window in seconds")
    per_second: int = _option(0, "calls allowed in any second before 429; 0: no limit")
    retry_after: float | str | None = _option(None, "Retry-After of a 429: seconds, 'date' or any text (default: none)")
    token_lifetime: float = _option(3600.0, "seconds until an access token expires")
    rotate_refresh_tokens: bool = _option(
        default=False, meaning="return a new refresh token at each refresh, and reject the old one"
    )
    redirect_uris: tuple[str, ...] = _option(
        ("http://localhost:8914/callback",),
        "redirect URI registered for the client; it must match exactly (default: that of the login command)",
    )
    identity: Literal["ok", "forbidden"] = _option("ok", "forbidden: identity/v1/Users/me responds with 403")
    admin: Literal["ok", "narrow"] = _option("ok", "narrow: admin/rest/v1/me responds with 401 not.authenticated")
    forbidden: tuple[str, ...] = _option((), "key of an account, organizer or webinar that responds with 403")
    max_registrants_list: int | None = _option(None, "maximum length of the unpaged registrants list (default: none)")
    hal_page_max: int = _option(200, "maximum page size of the HAL lists; a larger size is reduced to it")
    faults: tuple[Fault, ...] = _option((), 'fault rules as a JSON list, for example \'[{"kind": "reset"}]\'')

    def __post_init__(self) -> None:
        """Raise ``ValueError`` for values out of range."""
        least = {"organizers": 1, "hal_page_max": 1, **dict.fromkeys(NOT_NEGATIVE, 0)}
        wrong = [f"{name} must be at least {bound}" for name, bound in least.items() if getattr(self, name) < bound]
        if self.rate_window <= 0:
            wrong.append("rate_window must be more than 0")
        if wrong:
            raise ValueError(wrong[0])
        if self.now is not None:
            datetime.fromisoformat(self.now)

    def changed(self, changes: Mapping[str, object]) -> "Options":
        """Return these options with some replaced by values decoded from JSON.

        Raises:
            ValueError: An unknown option, one that shapes the world, or a value of the wrong type.
        """
        unknown = changes.keys() - {option.name for option in dataclasses.fields(self)}
        fixed = changes.keys() & SHAPING
        if unknown or fixed:
            what = "no such option" if unknown else "cannot change while it runs"
            message = f"{what}: {', '.join(sorted(unknown or fixed))}"
            raise ValueError(message)
        return from_plain({**self.plain(), **changes})

    def plain(self) -> dict[str, Any]:
        """Return all options as JSON-compatible values."""
        return dataclasses.asdict(self)


def from_plain(values: Mapping[str, object], *, strict: bool = True) -> Options:
    """Return options from values decoded from JSON or, if not strict, from a command line.

    Raises:
        ValueError: A value of the wrong type.
    """
    return msgspec.convert(values, Options, strict=strict)
