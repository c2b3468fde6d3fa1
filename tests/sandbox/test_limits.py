"""The rate limit: strict, sliding, on arrival."""

import time
from email.utils import parsedate_to_datetime

from hypothesis import given
from hypothesis import strategies as st

from gotowebinar_sandbox import Control
from gotowebinar_sandbox.traffic import SlidingWindow

from .conftest import Caller

LIMIT = 3


def accepted(arrivals: list[float], limit: int, length: float) -> list[float]:
    window = SlidingWindow()
    kept = []
    for at in arrivals:
        window.arrive(at, length)
        if not window.full(limit):
            window.accept(at)
            kept.append(at)
    return kept


@given(st.lists(st.integers(0, 300)).map(sorted))
def test_a_window_holds_the_limit_at_most_and_no_call_is_rejected_without_need(arrivals: list[float]) -> None:
    kept = accepted(arrivals, LIMIT, 60)
    assert all(sum(start <= at < start + 60 for at in kept) <= LIMIT for start in kept)
    assert all(sum(at - 60 < earlier <= at for earlier in kept) == LIMIT for at in set(arrivals) - set(kept))


def test_a_rejected_call_does_not_count() -> None:
    assert accepted([0, 1, 2, 3, 59, 60, 61], LIMIT, 60) == [0, 1, 2, 60, 61]


def test_a_call_beyond_the_limit_gets_a_429_and_the_next_window_is_free(api: Caller, control: Control) -> None:
    control.configure(rate_limit=2, rate_window=60)
    calls = [api.get("/identity/v1/Users/me") for _ in range(4)]
    assert [call.status_code for call in calls] == [200, 200, 429, 429]
    assert (calls[-1].json(), "Retry-After" in calls[-1].headers) == ({"message": "Too Many Requests"}, False)
    assert [api.refresh().status_code for _ in range(3)] == [200, 200, 200], "token requests do not count"
    assert (control.state()["refused"], control.state()["most_in_window"]) == (2, 4)
    control.configure(rate_window=0.001, per_second=1)
    control.reset_calls()
    assert [api.get("/identity/v1/Users/me").status_code for _ in range(2)] == [200, 429]
    assert control.state()["most_in_second"] == 2


def test_a_429_may_have_a_retry_after(api: Caller, control: Control) -> None:
    def header(retry_after: float | str) -> str:
        control.configure(rate_limit=1, rate_window=60, retry_after=retry_after)
        api.get("/nothing")
        return api.get("/nothing").headers["Retry-After"]

    assert (header(7), header(0.5), header("soon")) == ("7", "0.5", "soon")
    ahead = parsedate_to_datetime(header("date")).timestamp() - time.time()
    assert 50 < ahead < 62
