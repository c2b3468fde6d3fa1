"""Everything one can ask of a sandbox, as data: the command line and the control interface derive from it."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import msgspec

from gotowebinar_sandbox.faults import Fault

# What the world is made of: cannot change while it runs.
SHAPING = frozenset(
    {"seed", "organizers", "webinars", "registrants", "attendance", "polls", "questions", "live_fields"},
)
NOT_NEGATIVE = (
    *("webinars", "registrants", "attendance", "polls", "questions", "split_attendance"),
    *("latency", "jitter", "rate_limit", "per_second"),
)


def _option(default: Any, meaning: str) -> Any:  # noqa: ANN401 - dataclasses.field is typed the same way
    return field(default=default, metadata={"help": meaning})


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the made-up world holds and how its server behaves.

    Those in `SHAPING` and ``now`` shape the world when it is made; of these only ``now`` can change while it runs
    (it then moves the clock; what was planned for the time in between takes place).
    """

    seed: int = _option(1, "same seed and same now, same world")
    organizers: int = _option(1, "organizers of the account; the credentials are those of the first")
    webinars: int = _option(5, "webinars per organizer")
    registrants: int = _option(20, "registrants per webinar, on average: some have none, one has many")
    attendance: float = _option(0.4, "share of the registrants that attends a session, on average")
    polls: int = _option(2, "most polls per session; a third of the sessions have none")
    questions: float = _option(0.2, "share of those who attend a session that asks something")
    split_attendance: float = _option(
        0.0, "share of the attendees who have a row for each time they came, or one twice"
    )
    live_fields: bool = _option(True, "webinars with the fields that GoTo sends and does not document")  # noqa: FBT003
    now: str | None = _option(None, "stop the clock at this ISO 8601 time; default: the real present")
    latency: float = _option(0.0, "seconds before each answer")
    jitter: float = _option(0.0, "up to this many seconds more, at random")
    rate_limit: int = _option(0, "calls allowed in any rate window, 429 beyond it; 0: no limit")
    rate_window: float = _option(60.0, "length of the rate window in seconds")
    per_second: int = _option(0, "calls allowed in any second, 429 beyond it; 0: no limit")
    retry_after: float | str | None = _option(None, "Retry-After of a 429: seconds, 'date' or any text; default: none")
    token_lifetime: float = _option(3600.0, "seconds until an access token expires")
    rotate_refresh_tokens: bool = _option(
        default=False, meaning="each refresh gives a new refresh token, the old one is refused"
    )
    refresh_token_lifetime: float = _option(30 * 86400.0, "seconds until a refresh token given out from now on expires")
    code_lifetime: float = _option(60.0, "seconds until an authorization code expires")
    redirect_uris: tuple[str, ...] = _option(
        ("http://localhost:8914/callback",),
        "redirect URI registered for the client: only an exact match is sent back to (default: the login command's)",
    )
    identity: Literal["ok", "forbidden"] = _option("ok", "forbidden: identity/v1/Users/me answers 403")
    admin: Literal["ok", "narrow"] = _option("ok", "narrow: admin/rest/v1/me answers 401 not.authenticated")
    forbidden: tuple[str, ...] = _option((), "key of an account, organizer or webinar that answers a permission 403")
    max_registrants_list: int | None = _option(None, "silent cap of the unpaged registrants list; default: none")
    hal_page_max: int = _option(200, "largest page size of the HAL lists; more is cut to it")
    session_window: Literal["overlap", "start", "end"] = _option(
        "overlap", "what of a session its window tests: start, end or overlap"
    )
    faults: tuple[Fault, ...] = _option((), 'fault rules as a JSON list, for example \'[{"kind": "reset"}]\'')

    def __post_init__(self) -> None:
        """Refuse figures that make no sense."""
        least = {"organizers": 1, "hal_page_max": 1, **dict.fromkeys(NOT_NEGATIVE, 0)}
        wrong = [f"{name} must be at least {bound}" for name, bound in least.items() if getattr(self, name) < bound]
        if self.rate_window <= 0:
            wrong.append("rate_window must be more than 0")
        if wrong:
            raise ValueError(wrong[0])
        if self.now is not None:
            datetime.fromisoformat(self.now)

    def changed(self, changes: Mapping[str, object]) -> "Options":
        """Return these options with some replaced by plain data, as it comes out of JSON.

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
        """Return all options as plain data."""
        return dataclasses.asdict(self)


def from_plain(values: Mapping[str, object], *, strict: bool = True) -> Options:
    """Build options from plain data, as it comes out of JSON or, if not strict, from a command line.

    Raises:
        ValueError: A value of the wrong type.
    """
    return msgspec.convert(values, Options, strict=strict)
