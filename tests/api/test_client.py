"""One call: repeated while that can help, held back when GoTo asks for it, and ended with one clear line."""

import dataclasses
import datetime as dt
import re
import time
from collections.abc import Callable, Iterator
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.postgres import free_port
from gotowebinar_sandbox import Fault, Options, Sandbox
from gotowebinar_sandbox.options import SHAPING, from_plain
from tap_gotowebinar.api.errors import (
    ForbiddenError,
    GoToWebinarError,
    NotFoundError,
    RateLimitedError,
    RetriesExhaustedError,
    UnexpectedStatusError,
)
from tap_gotowebinar.api.responses import array
from tap_gotowebinar.api.retries import TRIES, parse_retry_after
from tests.canned_server import ME, SPEED, api_calls, in_threads, quick_budget, talk
from tests.conftest import SMALL

ORDINARY = {name: value for name, value in Options().plain().items() if name not in SHAPING}

ADMIN = "/admin/rest/v1/me"

PLANTED = "(PlantedError: Refused for <e-mail> see <url>)"
NO_JSON = "the answer is not JSON (status 200, N bytes)"
TRANSIENT = {
    "408": (Fault(kind="status", status=408), f"status 408 {PLANTED}"),
    **{str(status): (Fault(kind="status", status=status), f"status {status}") for status in (500, 502, 503, 504)},
    "reset": (Fault(kind="reset"), "no connection to HOST, or it was cut"),
    "truncated": (Fault(kind="truncate"), NO_JSON),
    "cut": (Fault(kind="cut"), "the answer of HOST could not be read (ChunkedEncodingError)"),
    "web page": (Fault(kind="html"), NO_JSON),
    "empty": (Fault(kind="empty"), NO_JSON),
    "slow": (Fault(kind="slow", seconds=5), "HOST did not answer in time"),
    "drip": (Fault(kind="drip", seconds=20), "HOST did not answer in time"),
}


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox(from_plain(SMALL)) as sandbox:
        yield sandbox


@pytest.fixture
def make_sandbox(running: Sandbox) -> Callable[..., Sandbox]:
    """The module's sandbox, with these options and a clean log; starting one for each test takes too long."""

    def configured(**options: object) -> Sandbox:
        running.control.configure(**{**ORDINARY, **options})
        running.control.reset_calls()
        return running

    return configured


# Repeating -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        pytest.param(*told, id=name, marks=pytest.mark.slow if name in ("slow", "drip") else ())
        for name, told in TRANSIENT.items()
    ],
)
def test_a_transient_failure_is_tried_again_and_given_up_after_six_tries_without_the_body(
    make_sandbox: Callable[..., Sandbox], fault: Fault, reason: str
) -> None:
    sandbox = make_sandbox(faults=(dataclasses.replace(fault, path=ME, times=6 + 2),))

    with talk(sandbox, timeout=0.3) as talking:
        with pytest.raises(RetriesExhaustedError) as caught:
            talking.get()
        said = re.sub(r"\d+ bytes", "N bytes", str(caught.value)).replace(sandbox.url.removeprefix("http://"), "HOST")
        assert said == f"gave up on {ME} after 6 tries: {reason}"
        assert (talking.stats.calls, talking.stats.retries, talking.stats.answered) == (6, 5, 0)

        assert talking.get()["id"]
        assert (talking.stats.calls, talking.stats.retries, talking.stats.answered) == (6 + 3, 5 + 2, 1)

    assert len(api_calls(sandbox)) == 6 + 3


def test_an_answer_that_its_reader_finds_broken_is_tried_again(make_sandbox: Callable[..., Sandbox]) -> None:
    faults = (Fault(kind="json", path=ME, value={"total": 3}, times=1), Fault(kind="json", path=ME, value=[1]))
    sandbox = make_sandbox(faults=faults)

    with talk(sandbox) as talking:
        assert talking.get(read=array).rows == [1]

    assert talking.stats.retries == 1


REDIRECT = "status 302, a redirect, which is never followed: check api_url"
FINAL: dict[str, tuple[Fault, type[GoToWebinarError], str]] = {
    **{
        str(status): (
            Fault(kind="status", status=status),
            UnexpectedStatusError,
            f"unexpected answer to {ME}: status {status} {PLANTED}",
        )
        for status in (301, 400, 405, 409, 410, 418, 422)
    },
    "redirect": (
        Fault(kind="redirect", value="https://elsewhere.invalid/?secret=1"),
        UnexpectedStatusError,
        f"unexpected answer to {ME}: {REDIRECT}",
    ),
    "403": (Fault(kind="status", status=403), ForbiddenError, f"GoTo refuses {ME}: status 403 {PLANTED}"),
    "404": (Fault(kind="status", status=404), NotFoundError, f"GoTo does not know {ME}: status 404 {PLANTED}"),
}


@pytest.mark.parametrize(("fault", "kind", "said"), FINAL.values(), ids=FINAL)
def test_a_call_that_repeating_cannot_mend_is_made_once(
    make_sandbox: Callable[..., Sandbox], fault: Fault, kind: type[GoToWebinarError], said: str
) -> None:
    sandbox = make_sandbox(faults=(dataclasses.replace(fault, path=ME),))

    with talk(sandbox) as talking, pytest.raises(kind) as caught:
        talking.get()

    assert (type(caught.value), str(caught.value)) == (kind, said)
    assert len(sandbox.control.calls()) == 2, "one of them for the token"
    # That something does not exist is an answer.
    assert (talking.stats.calls, talking.stats.answered) == (1, kind is NotFoundError)


def test_a_status_can_be_a_refusal_on_one_path_only(make_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = make_sandbox(admin="narrow")

    with talk(sandbox) as talking, pytest.raises(ForbiddenError, match=f"GoTo refuses {ADMIN}: status 401"):
        talking.get(ADMIN, forbidden_statuses=frozenset({401, 403}))

    assert len(sandbox.control.calls()) == 2
    assert talking.stats.answered == 0


# 429 -----------------------------------------------------------------------------------------------------------------


def too_many(retry_after: float | str | None, times: int | None = 1) -> tuple[Fault]:
    return (Fault(kind="status", status=429, path=ME, retry_after=retry_after, times=times),)


OURS = dict.fromkeys((None, "soon", "", "-5", "0", "0.1", "nan", "inf", "Wed, 99 Foo 2024"), 1.0)
"""Wishes that make no sense, and what is waited at least."""


@pytest.mark.parametrize(
    ("wish", "seconds"),
    [
        (30.0, 30),
        ("60", 60),
        ("12.5", 12.5),
        pytest.param("300", 300, marks=pytest.mark.slow),
        ("date", 58),
        *OURS.items(),
    ],
)
def test_a_pause_lasts_as_long_as_asked_for_or_as_we_choose_where_the_wish_makes_no_sense(
    make_sandbox: Callable[..., Sandbox], wish: float | str | None, seconds: float
) -> None:
    # The date that the sandbox names is one rate window ahead.
    sandbox = make_sandbox(faults=too_many(wish), rate_window=60)

    with talk(sandbox) as talking:
        assert talking.get()["id"]

    first, second = api_calls(sandbox)
    assert (second["at"] - first["at"]) * SPEED >= seconds
    assert (talking.stats.calls, talking.stats.retries, talking.stats.answered) == (2, 1, 1)


def test_our_own_pauses_grow(make_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = make_sandbox(faults=too_many(None, times=5))

    with talk(sandbox) as talking:
        talking.get()

    arrivals = [call["at"] * SPEED for call in api_calls(sandbox)]
    assert arrivals[5] - arrivals[4] >= 16
    assert talking.stats.retries == 5


def test_a_429_holds_everybody_back(make_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = make_sandbox(faults=too_many(60))

    with talk(sandbox, budget=quick_budget(per_second=0.1)) as talking:
        assert in_threads(5, talking.get) == [None] * 5

    arrivals = [call["at"] * SPEED for call in api_calls(sandbox)]
    assert len(arrivals) == 6
    assert arrivals[1] - arrivals[0] >= 60


@pytest.mark.parametrize(
    ("seconds", "calls"), [("301", 1), ("86400", 1), ("1e9", 1), pytest.param("90", 4, marks=pytest.mark.slow)]
)
def test_pauses_too_long_to_sit_through_say_when_to_come_back(
    make_sandbox: Callable[..., Sandbox], seconds: str, calls: int
) -> None:
    sandbox = make_sandbox(faults=too_many(seconds, times=None))
    before = time.time()

    with talk(sandbox) as talking, pytest.raises(RateLimitedError) as caught:
        talking.get()

    found = re.fullmatch(
        rf"GoTo's rate limit is used up \(status 429 for {ME}\): start again after (\S+ \S+)Z, "
        "and lower requests_per_minute if other tools share this connection",
        str(caught.value),
    )
    assert found
    when = dt.datetime.fromisoformat(f"{found[1]}+00:00").timestamp()
    assert when == pytest.approx(before + min(float(seconds), 366 * 86400), abs=5)
    assert len(api_calls(sandbox)) == calls


@given(st.text() | st.floats().map(str) | st.integers().map(str) | st.datetimes().map(format_datetime))
def test_no_header_can_make_the_pause_anything_but_a_number_or_nothing(retry_after: str) -> None:
    pause = parse_retry_after(retry_after)

    assert pause is None or 0.5 <= pause < float("inf")


@pytest.mark.parametrize("form", ["%a, %d %b %Y %H:%M:%S GMT", "%a, %d %b %Y %H:%M:%S -0000", "%a %b %d %H:%M:%S %Y"])
def test_a_date_is_greenwich_time_wherever_the_machine_stands(monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        pause = parse_retry_after((dt.datetime.now(dt.UTC) + dt.timedelta(seconds=100)).strftime(form))
    finally:
        monkeypatch.undo()
        time.tzset()

    assert pause == pytest.approx(100, abs=2)


# Counting ------------------------------------------------------------------------------------------------------------


def test_the_time_spent_waiting_for_the_budget_is_counted(sandbox: Sandbox) -> None:
    with talk(sandbox, budget=quick_budget(1)) as talking:
        talking.get()
        talking.get()

    assert talking.stats.waited >= 60


def test_what_was_not_sent_is_not_in_doubt(make_sandbox: Callable[..., Sandbox]) -> None:
    looked: list[bool] = []
    nobody = {"api_url": f"http://127.0.0.1:{free_port()}"}
    with talk(make_sandbox(), settings=nobody) as talking, pytest.raises(RetriesExhaustedError):
        talking.client.post("/x", {}, lambda *_: False, talking.stats, check_applied=lambda: looked.append(True))
    assert looked == []
    assert talking.stats.calls == TRIES
