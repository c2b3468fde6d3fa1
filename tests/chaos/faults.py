"""What goes wrong during a run: faults of every kind, tokens that expire, refusals that come and go."""

import threading
from collections.abc import Sequence
from random import Random
from typing import Any, Final, Self

from typing_extensions import override

from gotowebinar_sandbox import Control, Fault

REQUEST_TIMEOUT: Final = 0.4
"""Seconds of `request_timeout` in runs with faults."""

KINDS: Final[tuple[dict[str, Any], ...]] = (
    *({"kind": "status", "status": status} for status in (500, 502, 503, 504)),
    *({"kind": "status", "status": status} for status in (401, 403, 408, 409)),
    *({"kind": kind} for kind in ("reset", "truncate", "cut", "html", "empty", "hidden", "invalid_token")),
    *({"kind": kind} for kind in ("not_gzip", "mistyped")),
    *(
        {"kind": "raw", "value": value}
        for value in ("NaN", "[" * 3000, "\x00", '{"a": 1}{"a": 1}', "\xef\xbb\xbf", "null")
    ),
    # What a proxy on the way says, GoTo has not said.
    *({"kind": "raw", "status": status, "value": "<html>Request blocked</html>"} for status in (403, 404)),
    {"kind": "bomb", "times": 1},
    {"kind": "redirect", "status": 307, "value": "https://elsewhere.invalid/"},
    {"kind": "slow", "seconds": 2 * REQUEST_TIMEOUT, "times": 3},
    {"kind": "drip", "seconds": REQUEST_TIMEOUT, "times": 3},
    {"kind": "endless", "seconds": REQUEST_TIMEOUT / 4, "times": 1},
)
"""What may happen to a call. Not GoTo's 404: a tap that then counts something as gone is right."""

REFUSALS: Final[tuple[dict[str, Any], ...]] = tuple({"kind": "status", "status": status} for status in (400, 403))
"""How GoTo refuses registrants, for good or for a moment."""

PROXY_REFUSALS: Final[tuple[dict[str, Any], ...]] = tuple(
    {"kind": "raw", "status": status, "value": value}
    for status in (400, 403, 404, 409)
    for value in ("<html>Blocked</html>", "", '{"status": "down"}')
)
"""What a proxy answers in GoTo's place; it decides nothing."""

MILD: Final = (*(kind for kind in KINDS if kind["kind"] != "redirect"), *REFUSALS * 2, *PROXY_REFUSALS)
"""Faults that a run survives however often they occur."""

RETRY_AFTER: Final = (None, 0.5, "1", "date", "soon", "-5", "", "2", "nan", "Wed, 99 Foo 2024")
"""What a 429 may say."""

TOO_LONG: Final = "999999"
"""A `Retry-After` that ends the run."""

PATHS: Final = ("/registrants", "/webinars", "/sessions", r"/registrants/\d+$", "/oauth/", "/Users/me", "G2W")

KNOWN: Final = frozenset({409})
"""What a lie is to a target, too, in GoTo's own words: it says that somebody is registered."""

LATE: Final = frozenset({"slow", "drip", "endless"})
"""Kinds of fault that only a short timeout ends."""

SERVER_ERROR: Final = 500

MANY: Final = 20
"""Most calls that pass before a fault occurs."""


def faults(rng: Random) -> list[Fault]:
    """Return the faults of a run of the tap: sometimes many 429, up to three frequent faults, and three rare ones."""
    frequent = [
        _rule(rng, rng.choice(PATHS), {"times": rng.choice((1, 3, 10, None)), **rng.choice(KINDS)}, MANY, (0.1, 0.3, 1))
        for _ in range(rng.randint(0, 3))
    ]
    rare = [_rule(rng, rng.choice(PATHS), rng.choice(KINDS), MANY, (0.03,)) for _ in range(3)]
    return [*_rate_limit(rng), *frequent, *rare]


def faults_of_registering(rng: Random) -> list[Fault]:
    """Return the faults of a run of the target: many rare ones, and at most one that may end the run."""
    rules = []
    severe = rng.randint(0, 1)
    for number in range(rng.randint(4, 10)):
        kinds, chances = (KINDS, (0.1, 0.3, 1)) if number < severe else (MILD, (0.02, 0.05, 0.1))
        rule = {"times": rng.choice((1, 3, 10, None)), **rng.choice(kinds)}
        # An answer about the token, the rate or a permission says that nothing has been done.
        may_have_worked = rule.get("status", SERVER_ERROR) not in range(400, SERVER_ERROR)
        if may_have_worked and rule["kind"] != "invalid_token":
            rule["after"] = rng.random() < 0.5
        if rule.get("status") not in KNOWN or rule["kind"] == "raw":
            path = rng.choice((*("/registrants",) * 6, "/oauth/", "/Users/me", "G2W"))
            # A run asks for tokens and for who it is once or twice.
            latest = 1 if path in {"/oauth/", "/Users/me"} else MANY
            rules.append(_rule(rng, path, rule, latest, chances))
    return _rate_limit(rng) + rules


def _rule(rng: Random, path: str, rule: dict[str, Any], latest: int, chances: Sequence[float]) -> Fault:
    return Fault(path=path, probability=rng.choice(chances), skip=rng.randint(0, latest), **rule)


def _rate_limit(rng: Random) -> list[Fault]:
    if rng.random() >= 0.3:
        return []
    retry_after = TOO_LONG if rng.random() < 0.1 else rng.choice(RETRY_AFTER)
    times, skip = rng.randint(1, 15), rng.randint(0, 40)
    return [Fault(kind="status", status=429, retry_after=retry_after, times=times, skip=skip)]


class ChangingFaults(threading.Thread):
    """Faults of a run, and meanwhile tokens that expire, are revoked, and webinars that are refused for a moment."""

    def __init__(self, control: Control, rng: Random, rules: Sequence[Fault], webinars: list[str]) -> None:
        super().__init__(daemon=True)
        self.is_revoked = False
        self.refused: set[str] = set()
        self._control = control
        self._rng = Random(rng.random())  # noqa: S311 - made-up data
        self._rules = rules
        self._webinars = webinars
        self._over = threading.Event()

    def __enter__(self) -> Self:
        self._control.configure(faults=self._rules)
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join()
        self._control.configure(forbidden=[], faults=[])

    @override
    def run(self) -> None:
        while not self._over.wait(self._rng.expovariate(1 / 0.1)):
            chance = self._rng.random()
            if chance < 0.5:
                self._control.expire_access_tokens()
            elif chance < 0.9:
                refused = self._rng.choice((self._rng.choice(self._webinars), None))
                self.refused.update({refused} if refused else ())
                self._control.configure(forbidden=[refused] if refused else [])
            elif chance < 0.93:
                self._control.revoke_refresh_token()
                self.is_revoked = True
