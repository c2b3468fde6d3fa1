"""Faults on request: what each one does, and which calls it applies to."""

import re
from dataclasses import dataclass
from random import Random
from typing import Any, Literal

FaultKind = Literal[
    "status",  # Respond with `status`: 5xx as HTML, 429, or 4xx in GoTo's error shape; all but the 429 name a person.
    "html",  # Respond with `status` and a web page, as a proxy does in GoTo's place.
    "empty",  # Respond with `status` and zero bytes.
    "invalid_token",  # Respond with 403 InvalidToken to a good token.
    "json",  # Respond with 200 and `value` as body.
    "raw",  # Respond with `status` and the text `value` as body, a byte per character (Latin-1).
    "redirect",  # Respond with `status` and `value` as location.
    "bomb",  # Send a small body that unpacks to 256 MiB.
    "endless",  # Send a blank every `seconds`, without end.
    "reset",  # Close the connection without a response.
    "slow",  # Wait `seconds`, then respond.
    "drip",  # Spread the body over `seconds`.
    "cut",  # Promise more in the Content-Length than is sent.
    "truncate",  # Send half of the JSON body, with the Content-Length of that half.
    "not_gzip",  # Send the right body, labelled as gzip.
    "mistyped",  # Send the right body, labelled as a web page.
    "hidden",  # Send a list without its rows.
]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One fault rule; the first rule that matches a call applies.

    Attributes:
        kind: What happens; see `FaultKind`.
        path: Regular expression searched in the path; empty matches all.
        method: HTTP method; None matches all.
        times: How many calls it applies to; None is no limit.
        probability: Probability that it applies to a call that matches, from a seeded generator.
        skip: How many of the calls that match pass unchanged first.
        status: HTTP status of ``status`` (None: 503), ``redirect`` (302), ``html``, ``empty`` and ``raw`` (200).
        retry_after: Retry-After header of ``status``: seconds, ``"date"`` or any text.
        seconds: Delay of ``slow``, ``drip`` and ``endless``.
        value: JSON value of ``json``; text of ``raw`` and ``redirect``.
        after: The call takes effect before its response is replaced or lost.
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
        """Raise ``ValueError`` for a path that is not a regular expression."""
        try:
            re.compile(self.path)
        except re.error as error:
            message = f"fault path {self.path!r} is not a regular expression: {error}"
            raise ValueError(message) from None


@dataclass
class _Rule:
    fault: Fault
    matching: int = 0
    matched: int = 0

    def applies(self, method: str, path: str) -> bool:
        """Count a call that matches, and tell whether the rule applies to it."""
        if self.fault.method not in (None, method) or not re.search(self.fault.path, path):
            return False
        self.matching += 1
        used_up = self.fault.times is not None and self.matched >= self.fault.times
        return self.matching > self.fault.skip and not used_up


class FaultRules:
    """The current fault rules; each counts calls from the moment it is set."""

    def __init__(self, rng: Random, faults: tuple[Fault, ...]) -> None:
        """Set the rules."""
        self._rng = rng
        self.set(faults)

    def set(self, faults: tuple[Fault, ...]) -> None:
        """Replace all rules."""
        self._rules = [_Rule(fault) for fault in faults]

    def match(self, method: str, path: str) -> Fault | None:
        """Return the fault of the first rule that applies to this call, if any."""
        for rule in self._rules:
            if rule.applies(method, path) and self._rng.random() < rule.fault.probability:
                rule.matched += 1
                return rule.fault
        return None
