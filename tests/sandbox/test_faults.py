"""Faults and the rate limit, which is strict, sliding and on arrival, as a client sees them."""

import time
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from gotowebinar_sandbox import Control, Fault, Options, Sandbox
from gotowebinar_sandbox.server.fault_injection import EMBEDDED_EMAIL, EMBEDDED_LINK
from gotowebinar_sandbox.traffic import SlidingWindow

from .conftest import EVER, Caller


def listing(api: Caller) -> requests.Response:
    return api.get(api.organizer("/webinars"), **EVER)


def inject(control: Control, kind: str, **rule: object) -> None:
    control.configure(faults=[{"kind": kind, **rule}])


PAGE, JSON = "text/html; charset=utf-8", "application/json"
REPLACED: list[tuple[dict[str, Any], int, str, str]] = [
    ({"kind": "status", "status": 502}, 502, PAGE, f"{EMBEDDED_EMAIL} ({EMBEDDED_LINK})"),
    ({"kind": "status"}, 503, PAGE, "<h1>503</h1>"),
    ({"kind": "status", "status": 403}, 403, JSON, f'"description":"Refused for {EMBEDDED_EMAIL}'),
    ({"kind": "status", "status": 429}, 429, JSON, '{"message":"Too Many Requests"}'),
    ({"kind": "html"}, 200, PAGE, EMBEDDED_EMAIL),
    ({"kind": "html", "status": 404}, 404, PAGE, "<html>"),
    ({"kind": "empty"}, 200, JSON, ""),
    ({"kind": "empty", "status": 404}, 404, JSON, ""),
    ({"kind": "invalid_token"}, 403, JSON, '"int_err_code":"InvalidToken"'),
    ({"kind": "json"}, 200, JSON, "null"),
    ({"kind": "json", "value": {"a": 12345678901234567890}}, 200, JSON, '{"a":12345678901234567890}'),
    ({"kind": "raw", "value": "\x00{\xff"}, 200, JSON, "\x00{\xff"),
    ({"kind": "raw", "value": "no", "status": 409}, 409, JSON, "no"),
]


@pytest.mark.parametrize(("rule", "status", "kind", "text"), REPLACED, ids=str)
def test_a_response_may_be_replaced(  # noqa: PLR0913, PLR0917 - a row of the table
    rule: dict[str, Any], status: int, kind: str, text: str, api: Caller, control: Control
) -> None:
    control.configure(faults=[{**rule, "times": 1}])
    response = listing(api)
    assert (response.status_code, response.headers["Content-Type"]) == (status, kind)
    body = response.content.decode("latin-1")
    assert text in body
    assert bool(text) == bool(body)
    assert listing(api).status_code == 200


@pytest.mark.parametrize(("wanted", "header"), [(3, "3"), ("soon", "soon"), ("date", "GMT")])
def test_a_fault_may_say_when_to_come_back(wanted: float | str, header: str, api: Caller, control: Control) -> None:
    inject(control, "status", retry_after=wanted)
    assert listing(api).headers["Retry-After"].endswith(header)


def test_the_right_body_may_be_labelled_as_a_web_page_or_as_gzip(api: Caller, control: Control) -> None:
    right = listing(api).content
    inject(control, "mistyped")
    response = listing(api)
    assert (response.content, response.headers["Content-Type"]) == (right, "text/html; charset=ebcdic-fr")
    inject(control, "not_gzip")
    with pytest.raises(requests.exceptions.ContentDecodingError):
        listing(api)


def test_a_hidden_list_has_a_total_but_no_rows(api: Caller, control: Control, busy: str) -> None:
    inject(control, "hidden")
    hal, flat = listing(api).json(), api.get(api.webinar(busy, "/registrants"), page=0).json()
    assert hal.keys() == {"page"}
    assert hal["page"]["totalElements"] > 0
    assert flat.keys() == {"total", "page", "limit", "pageSize"}
    assert api.get(api.webinar(busy, "/registrants")).json() == {}


def test_a_fault_applies_to_calls_of_its_method_and_path_only(api: Caller, control: Control, busy: str) -> None:
    inject(control, "empty", path=r"/registrants$", method="GET")
    assert api.get(api.webinar(busy, "/registrants")).content == b""
    assert listing(api).content
    assert api.register(busy, email="").status_code == 400


def test_a_fault_skips_calls_then_applies_a_number_of_times_and_the_next_rule_takes_over(
    api: Caller, control: Control
) -> None:
    control.configure(faults=[Fault(kind="status", skip=1, times=2), Fault(kind="empty", skip=1, times=1)])
    assert [listing(api).status_code for _ in range(5)] == [200, 503, 503, 200, 200]
    assert [call["fault"] for call in control.calls()] == [None, "status", "status", "empty", None]


def test_the_probability_of_a_fault_is_seeded() -> None:
    def statuses() -> list[int]:
        faults = (Fault(kind="status", path="/Users/me", probability=0.5),)
        with Sandbox(Options(seed=7, webinars=1, faults=faults)) as sandbox:
            api = Caller(sandbox)
            with api.session:
                return [api.get("/identity/v1/Users/me").status_code for _ in range(20)]

    first = statuses()
    assert set(first) == {200, 503}
    assert statuses() == first


def test_a_call_that_has_arrived_takes_effect_although_the_client_has_disconnected(
    api: Caller, control: Control, webinar: str, capfd: pytest.CaptureFixture[str]
) -> None:
    inject(control, "slow", method="POST", seconds=0.3, times=1)
    url = f"{api.sandbox.url}{api.webinar(webinar, '/registrants')}"
    with pytest.raises(requests.Timeout):
        api.session.post(url, json={"firstName": "Ada", "lastName": "Berg", "email": "a@example.com"}, timeout=0.1)
    while control.state()["open"]:
        time.sleep(0.01)
    assert [row["email"] for row in api.registrants(webinar)] == ["a@example.com"]
    assert capfd.readouterr().err == ""


def test_the_server_stops_at_once_even_while_responses_are_slow() -> None:
    with Sandbox(Options(seed=7, webinars=1, latency=60)) as sandbox:
        with pytest.raises(requests.Timeout):
            requests.get(f"{sandbox.url}/nothing", timeout=0.05)
        before = time.monotonic()
    assert time.monotonic() - before < 2


# The rate limit


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
