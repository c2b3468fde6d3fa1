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
def test_no_window_ever_holds_more_than_the_limit(arrivals: list[float]) -> None:
    kept = accepted(arrivals, LIMIT, 60)
    for start in kept:
        assert sum(start <= at < start + 60 for at in kept) <= LIMIT


@given(st.lists(st.integers(0, 300)).map(sorted))
def test_no_call_is_refused_without_need(arrivals: list[float]) -> None:
    kept = accepted(arrivals, LIMIT, 60)
    for at in set(arrivals) - set(kept):
        assert sum(at - 60 < earlier <= at for earlier in kept) == LIMIT


def test_a_refused_call_does_not_count() -> None:
    assert accepted([0, 1, 2, 3, 59, 60, 61], LIMIT, 60) == [0, 1, 2, 60, 61]


def test_a_call_beyond_the_limit_answers_429_and_the_next_window_is_free(api: Caller, control: Control) -> None:
    control.configure(rate_limit=2, rate_window=60)
    statuses = [api.get("/identity/v1/Users/me").status_code for _ in range(4)]
    assert statuses == [200, 200, 429, 429]
    assert control.state()["refused"] == 2
    assert control.state()["most_in_window"] == 4
    control.configure(rate_window=0.001)
    assert api.get("/identity/v1/Users/me").status_code == 200


def test_the_limit_per_second_is_kept_too(api: Caller, control: Control) -> None:
    control.configure(per_second=1)
    assert [api.get("/identity/v1/Users/me").status_code for _ in range(2)] == [200, 429]
    assert control.state()["most_in_second"] == 2


def test_token_requests_are_not_limited(api: Caller, control: Control) -> None:
    control.configure(rate_limit=1)
    assert [api.refresh().status_code for _ in range(3)] == [200, 200, 200]


def test_by_default_a_429_does_not_say_when_to_come_back(api: Caller, control: Control) -> None:
    control.configure(rate_limit=1)
    api.get("/nothing")
    answer = api.get("/nothing")
    assert (answer.status_code, answer.json()) == (429, {"message": "Too Many Requests"})
    assert "Retry-After" not in answer.headers


def test_a_429_may_say_when_to_come_back(api: Caller, control: Control) -> None:
    def header(retry_after: float | str) -> str:
        control.configure(rate_limit=1, rate_window=60, retry_after=retry_after)
        api.get("/nothing")
        return api.get("/nothing").headers["Retry-After"]

    assert header(7) == "7"
    assert header(0.5) == "0.5"
    assert header("soon") == "soon"
    ahead = parsedate_to_datetime(header("date")).timestamp() - time.time()
    assert 50 < ahead < 62
