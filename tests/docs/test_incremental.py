"""What the page on incremental runs says is true of the rules and of the state."""

import datetime as dt
import json
from collections.abc import Callable

import pytest

from gotowebinar_sandbox import Sandbox
from tap_gotowebinar.settings.tap import DEFAULT_RECHECK_FACTOR, DEFAULT_SETTLE_DAYS
from tap_gotowebinar.streams.parents_and_children import ChildStream
from tap_gotowebinar.sync.bookmarks.streams import Bookmarks, HashBookmark
from tap_gotowebinar.sync.schedule import DueRule, WebinarTiming
from tap_gotowebinar.tap import TapGoToWebinar
from tests.pages import DOCS
from tests.runs import FAST, run_here

PAGE = DOCS["incremental"]
STREAMS = TapGoToWebinar(config={}, validate_config=False).streams


def days_until_read_again(quiet_days: int) -> int:
    end = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    read_at = end + dt.timedelta(days=quiet_days)

    def is_due(days: int) -> bool:
        moment = WebinarTiming(read_at + dt.timedelta(days=days), end, dt.timedelta(days=DEFAULT_SETTLE_DAYS))
        return DueRule(DEFAULT_RECHECK_FACTOR).reason(moment, None, read_at.isoformat()) is not None

    return next(days for days in range(1, 10_000) if is_due(days))


@pytest.mark.parametrize("row", PAGE.table("Quiet time when it was read"))
def test_the_table_of_readings_follows_the_rule(row: list[str]) -> None:
    quiet, again = (int(cell.removesuffix(" days")) for cell in row)
    assert again == days_until_read_again(quiet)


def test_the_example_of_a_state_is_one(make_sandbox: Callable[..., Sandbox]) -> None:
    state = json.loads(next(block.text for block in PAGE.blocks if "bookmarks" in block.text))
    children = [name for name, stream in STREAMS.items() if isinstance(stream, ChildStream)]
    assert Bookmarks(dict.fromkeys(children, HashBookmark), state).state() == state
    (entry,) = state["bookmarks"]["registrants"]["webinars"].values()
    sandbox = make_sandbox(seed=7, webinars=4, registrants=3)
    printed = run_here({**sandbox.settings, **FAST}).states[-1]["bookmarks"]["registrants"]
    settled = [other for other in printed["webinars"].values() if other.get("count")]
    assert entry.keys() in [other.keys() for other in settled]


@pytest.mark.parametrize("scope", ["stream", "webinar"])
def test_removing_an_entry_reads_it_again(make_sandbox: Callable[..., Sandbox], scope: str) -> None:
    sandbox = make_sandbox(seed=7, webinars=4, registrants=3)
    settings = {**sandbox.settings, **FAST}
    first = run_here(settings)
    state, key = first.states[-1], first.records("registrants")[0]["webinarKey"]
    if scope == "stream":
        del state["bookmarks"]["registrants"]
    else:
        del state["bookmarks"]["registrants"]["webinars"][key]
    wanted = [row for row in first.records("registrants") if scope == "stream" or row["webinarKey"] == key]
    again = run_here(settings, state=state)
    assert sorted(again.records("registrants"), key=str) == sorted(wanted, key=str)
    assert again.records("registrant_details") == []


def test_an_idle_run_emits_organizers_and_webinars_and_no_state(make_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = make_sandbox(seed=7, webinars=12, registrants=3)
    settings = {**sandbox.settings, **FAST}
    idle = run_here(settings, state=run_here(settings).states[-1])
    assert {record["stream"] for record in idle.of_type("RECORD")} == {"organizers", "webinars"}
    assert idle.states == []
