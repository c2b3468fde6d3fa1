"""Decides which call a fault strikes."""

import re
from dataclasses import dataclass

from gotowebinar_sandbox.data.randomness import seeded_random
from gotowebinar_sandbox.options import Fault


@dataclass
class _Rule:
    fault: Fault
    fitting: int = 0
    matched: int = 0

    def fits(self, method: str, path: str) -> bool:
        """Tell whether the rule is about such a call, and counts it if so."""
        if self.fault.method not in (None, method) or not re.search(self.fault.path, path):
            return False
        self.fitting += 1
        spent = self.fault.times is not None and self.matched >= self.fault.times
        return self.fitting > self.fault.skip and not spent


class Faults:
    """The fault rules in force; each counts from the moment it is set."""

    def __init__(self, seed: int, faults: tuple[Fault, ...]) -> None:
        """Set the rules."""
        self._rng = seeded_random(seed, "faults")
        self.set(faults)

    def set(self, faults: tuple[Fault, ...]) -> None:
        """Replace all rules."""
        self._rules = [_Rule(fault) for fault in faults]

    def match(self, method: str, path: str) -> Fault | None:
        """Return the fault that strikes this call, if any: the first rule that fits it."""
        for rule in self._rules:
            if rule.fits(method, path) and self._rng.random() < rule.fault.probability:
                rule.matched += 1
                return rule.fault
        return None
