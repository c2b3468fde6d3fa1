"""What goes wrong on request, and which calls it strikes."""

import re
from dataclasses import dataclass
from random import Random
from typing import Any, Literal

FaultKind = Literal[
    "status",  # Answer `status`: 5xx as HTML, 429, or 4xx in GoTo's error shape; all but the 429 name a person.
    "html",  # Answer `status` with a web page, as a proxy does in GoTo's place.
    "empty",  # Answer `status` with zero bytes.
    "invalid_token",  # Answer 403 InvalidToken for a good token.
    "json",  # Answer 200 with `value` as body.
    "raw",  # Answer `status` with the text `value` as body, a byte per character (Latin-1).
    "redirect",  # Answer `status` with `value` as location.
    "bomb",  # A small body that unpacks to 256 MiB.
    "endless",  # A blank every `seconds`, without end.
    "reset",  # Close the connection without an answer.
    "slow",  # Wait `seconds`, then answer.
    "drip",  # Spread the body over `seconds`.
    "cut",  # Promise more in the Content-Length than is sent.
    "truncate",  # A JSON body cut in half, with an honest Content-Length.
    "not_gzip",  # The right body, said to be gzip.
    "mistyped",  # The right body, said to be a web page.
    "hidden",  # A list that lost its rows.
    # A list that has rows ends with one more, which its totals count: the first one again, but for the fields in
    # `value` (None: its key is null; `{}`: an exact repetition).
    "extra_row",
    "epoch",  # Times as milliseconds since 1970.
]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One rule of what goes wrong; the first rule that matches a call is applied.

    Attributes:
        kind: What happens; see `FaultKind`.
        path: Regular expression searched in the path; empty matches all.
        method: HTTP method; None matches all.
        times: How many calls it strikes; None is for ever.
        probability: Probability that it strikes a call that matches, from a seeded generator.
        skip: How many calls that match pass unharmed first.
        status: HTTP status of ``status`` (None: 503), ``redirect`` (302), ``html``, ``empty`` and ``raw`` (200).
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


@dataclass
class _Rule:
    fault: Fault
    matching: int = 0
    matched: int = 0

    def applies(self, method: str, path: str) -> bool:
        """Count a call that the rule is about, and tell whether the rule is neither waiting nor used up."""
        if self.fault.method not in (None, method) or not re.search(self.fault.path, path):
            return False
        self.matching += 1
        used_up = self.fault.times is not None and self.matched >= self.fault.times
        return self.matching > self.fault.skip and not used_up


class FaultRules:
    """The fault rules in force; each counts from the moment it is set."""

    def __init__(self, rng: Random, faults: tuple[Fault, ...]) -> None:
        """Set the rules."""
        self._rng = rng
        self.set(faults)

    def set(self, faults: tuple[Fault, ...]) -> None:
        """Replace all rules."""
        self._rules = [_Rule(fault) for fault in faults]

    def match(self, method: str, path: str) -> Fault | None:
        """Return the fault that strikes this call, if any: the first rule that matches it."""
        for rule in self._rules:
            if rule.applies(method, path) and self._rng.random() < rule.fault.probability:
                rule.matched += 1
                return rule.fault
        return None
