"""The results of one campaign and of many."""

import signal
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

STOPPED: Final = frozenset({128 + signal.SIGINT, 128 + signal.SIGTERM})
"""Exit codes of runs that were asked to stop."""

SHOWN: Final = 20
"""Violations of one campaign that are shown."""


@dataclass
class Outcome:
    """The result of a campaign.

    Attributes:
        exit_codes: Of all runs; negative: killed by that signal.
        stated: How many of the killed runs had written a STATE.
        records: Records of a tap, or rows of results of a target, that were checked.
        rows: Rows of the truth that were compared with the last ones stored.
        happened: Changes of the data, by kind.
        faults: Calls that failed, by kind of fault.
        violations: A line for each broken promise.
    """

    seed: int
    exit_codes: list[int] = field(default_factory=list)
    stated: int = 0
    records: int = 0
    rows: int = 0
    happened: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        summary = (
            f"seed {self.seed}: {len(self.exit_codes)} runs, {_killed(self.exit_codes)} killed "
            f"({self.stated} after a STATE), {self.happened.total()} changes, {self.faults.total()} faults, "
            f"{self.records} records, {len(self.violations)} violations"
        )
        return "\n  ".join([summary, *self.violations[:SHOWN]])


def summary(outcomes: Sequence[Outcome]) -> str:
    codes = [code for outcome in outcomes for code in outcome.exit_codes]
    happened = sum((outcome.happened for outcome in outcomes), Counter[str]())
    faults = sum((outcome.faults for outcome in outcomes), Counter[str]())
    failed = [outcome.seed for outcome in outcomes if outcome.violations]
    stopped = sum(code in STOPPED for code in codes)
    ends = f"{_killed(codes)} killed, {stopped} stopped, {codes.count(1)} ended with an error"
    lines = (
        f"{len(outcomes)} campaigns, {len(codes)} runs, {ends}",
        f"{happened.total()} changes of the data, {sum(outcome.records for outcome in outcomes)} records checked",
        f"{sum(outcome.rows for outcome in outcomes)} rows compared with the truth in the end",
        f"{faults.total()} faults: {', '.join(f'{kind} {count}' for kind, count in faults.most_common())}",
        f"{len(failed)} campaigns failed{f', seeds {failed}' if failed else ''}",
    )
    return "\n".join(lines)


def _killed(codes: Sequence[int]) -> int:
    return sum(code == -signal.SIGKILL for code in codes)
