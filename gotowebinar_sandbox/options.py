"""Everything one can ask of a sandbox, as data: the command line and the control endpoints derive from it."""

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from gotowebinar_sandbox.data.clock import instant

FaultKind = Literal[
    "status",
    "reset",
    "truncate",
    "cut",
    "html",
    "empty",
    "slow",
    "drip",
    "hidden",
    "invalid_token",
    "json",
    "raw",
    "not_gzip",
    "bomb",
    "mistyped",
    "redirect",
    "endless",
    "extra_row",
    "epoch",
]

# What the world is made of: cannot change while it runs.
SHAPING = frozenset(
    {"seed", "organizers", "webinars", "registrants", "attendance", "polls", "questions", "live_fields"}
)


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One rule of what goes wrong; the first rule that fits a call is applied.

    Attributes:
        kind: What happens.

            - ``status``: answer ``status`` (5xx as HTML, 4xx in GoTo's error shape, with a planted address).
            - ``reset``: close without an answer.
            - ``truncate``: a JSON body cut in half, with an honest Content-Length.
            - ``cut``: a Content-Length that promises more than is sent.
            - ``html``: ``status`` with a web page, as a proxy answers in GoTo's place.
            - ``empty``: ``status`` with zero bytes.
            - ``slow``: wait ``seconds``, then answer.
            - ``drip``: spread the body over ``seconds``.
            - ``hidden``: a list that lost its rows.
            - ``extra_row``: a list that has rows ends with one more, which its totals count: the first one again, but
              for the fields in ``value`` (None: its key is null; ``{}``: an exact repetition).
            - ``epoch``: times as milliseconds since 1970.
            - ``invalid_token``: 403 InvalidToken for a good token.
            - ``json``: 200 with ``value`` as body.
            - ``raw``: ``status`` with the text ``value`` as body, a byte per character (Latin-1).
            - ``not_gzip``: the right body, said to be gzip.
            - ``bomb``: a small body that unpacks to 256 MiB.
            - ``mistyped``: the right body, said to be a web page.
            - ``redirect``: ``status`` with ``value`` as location.
            - ``endless``: a blank every ``seconds``, without end.
        path: Regular expression searched in the path; empty fits all.
        method: HTTP method; None fits all.
        times: How many calls it strikes; None is for ever.
        probability: Chance that it strikes a call that fits, from seeded dice.
        skip: How many calls that fit pass unharmed first.
        status: HTTP status of ``status`` (None: 503), ``html``, ``empty``, ``raw`` (None: 200) and ``redirect``
            (None: 302).
        retry_after: Retry-After header of ``status``: seconds, ``"date"`` or any text.
        seconds: Delay of ``slow``, ``drip`` and ``endless``.
        value: JSON value of ``json``; text of ``raw`` and ``redirect``; fields of ``extra_row``.
        after: The call takes effect before its answer is replaced or lost.
    """

    kind: FaultKind
    path: str = ""
    method: str | None = None
    times: int | None = None
    probability: float = 1.0
    skip: int = 0
    status: int | None = None
    retry_after: float | str | None = None
    seconds: float = 1.0
    value: Any = None
    after: bool = False

    def __post_init__(self) -> None:
        """Refuse a pattern that is not a regular expression."""
        try:
            re.compile(self.path)
        except re.error as error:
            message = f"fault path {self.path!r} is not a regular expression: {error}"
            raise ValueError(message) from None


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
        default=False,
        meaning="each refresh gives a new refresh token, the old one is refused",
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
        "overlap",
        "what of a session its window tests: start, end or overlap",
    )
    faults: tuple[Fault, ...] = _option((), 'fault rules as a JSON list, for example \'[{"kind": "reset"}]\'')

    def __post_init__(self) -> None:
        """Refuse figures that make no sense."""
        for name in ("organizers", "hal_page_max"):
            _at_least(1, name, getattr(self, name))
        for name in (
            "webinars",
            "registrants",
            "attendance",
            "polls",
            "questions",
            "split_attendance",
            "latency",
            "jitter",
            "rate_limit",
            "per_second",
        ):
            _at_least(0, name, getattr(self, name))
        if self.rate_window <= 0:
            message = "rate_window must be more than 0"
            raise ValueError(message)
        if self.now is not None:
            instant(self.now)

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


def _at_least(least: int, name: str, value: float) -> None:
    if value < least:
        message = f"{name} must be at least {least}"
        raise ValueError(message)


def from_plain(values: Mapping[str, object], *, strict: bool = True) -> Options:
    """Build options from plain data, as it comes out of JSON.

    Args:
        values: Options by name.
        strict: Take numbers as numbers only; else as text too, as a command line gives them.

    Raises:
        ValueError: A value of the wrong type.
    """
    return msgspec.convert(values, Options, strict=strict)


def to_plain(value: object) -> Any:  # noqa: ANN401 - JSON has no narrower type
    """Turn options, faults or anything made of them into what JSON can say."""
    return msgspec.to_builtins(value)
