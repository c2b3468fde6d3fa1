"""Each kind of fault, as a client sees it."""

import datetime as dt
import time
from typing import Any

import pytest
import requests

from gotowebinar_sandbox import Control, Fault, Options, Sandbox
from gotowebinar_sandbox.server.fault_injection import EMBEDDED_EMAIL, EMBEDDED_LINK

from .conftest import EVER, PRODUCT, Caller


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
def test_an_answer_may_be_replaced(  # noqa: PLR0913, PLR0917 - a row of the table
    rule: dict[str, Any], status: int, kind: str, text: str, api: Caller, control: Control
) -> None:
    control.configure(faults=[{**rule, "times": 1}])
    answer = listing(api)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, kind)
    body = answer.content.decode("latin-1")
    assert text in body
    assert bool(text) == bool(body)
    assert listing(api).status_code == 200


@pytest.mark.parametrize(("wanted", "header"), [(3, "3"), ("soon", "soon"), ("date", "GMT")])
def test_a_fault_may_say_when_to_come_back(wanted: float | str, header: str, api: Caller, control: Control) -> None:
    inject(control, "status", retry_after=wanted)
    assert listing(api).headers["Retry-After"].endswith(header)


@pytest.mark.parametrize("kind", ["slow", "drip"])
def test_a_late_answer_is_right(kind: str, api: Caller, control: Control) -> None:
    right = listing(api).json()
    inject(control, kind, seconds=0.2)
    before = time.monotonic()
    assert listing(api).json() == right
    assert time.monotonic() - before >= 0.2


def test_a_right_answer_may_be_said_to_be_a_web_page(api: Caller, control: Control) -> None:
    right = listing(api).content
    inject(control, "mistyped")
    answer = listing(api)
    assert (answer.content, answer.headers["Content-Type"]) == (right, "text/html; charset=ebcdic-fr")


def test_a_reset_is_no_answer_at_all(api: Caller, control: Control) -> None:
    inject(control, "reset")
    with pytest.raises(requests.ConnectionError):
        listing(api)
    assert [call["status"] for call in control.calls()] == [None]


def test_a_truncated_answer_is_complete_http_but_broken_json(api: Caller, control: Control) -> None:
    whole = len(listing(api).content)
    inject(control, "truncate")
    answer = listing(api)
    assert answer.status_code == 200
    assert len(answer.content) == int(answer.headers["Content-Length"]) == whole // 2
    with pytest.raises(requests.JSONDecodeError):
        answer.json()


def test_a_cut_answer_ends_before_its_content_length(api: Caller, control: Control) -> None:
    inject(control, "cut")
    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.ConnectionError)):
        listing(api)
    assert [call["status"] for call in control.calls()] == [200]


def test_a_hidden_list_lost_its_rows_but_not_its_total(api: Caller, control: Control, busy: str) -> None:
    inject(control, "hidden")
    hal, flat = listing(api).json(), api.get(api.webinar(busy, "/registrants"), page=0).json()
    assert hal.keys() == {"page"}
    assert hal["page"]["totalElements"] > 0
    assert flat.keys() == {"total", "page", "limit", "pageSize"}
    assert api.get(api.webinar(busy, "/registrants")).json() == {}


def test_what_is_said_to_be_gzip_may_not_be(api: Caller, control: Control) -> None:
    inject(control, "not_gzip")
    with pytest.raises(requests.exceptions.ContentDecodingError):
        listing(api)


def test_a_bomb_is_small_until_it_is_unpacked(api: Caller, control: Control) -> None:
    inject(control, "bomb")
    with api.session.get(f"{api.sandbox.url}/identity/v1/Users/me", stream=True, timeout=10) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        assert int(answer.headers["Content-Length"]) < 300_000


def test_a_redirect_points_where_it_is_told(api: Caller, control: Control) -> None:
    inject(control, "redirect", status=307, value="https://elsewhere.invalid/")
    answer = api.session.get(f"{api.sandbox.url}/x", allow_redirects=False, timeout=10)
    assert (answer.status_code, answer.headers["Location"]) == (307, "https://elsewhere.invalid/")


def test_an_endless_answer_never_ends(api: Caller, control: Control) -> None:
    inject(control, "endless", seconds=0.001)
    with api.session.get(f"{api.sandbox.url}/x", stream=True, timeout=10) as answer:
        assert answer.raw.read(100) == b" " * 100


def test_a_fault_strikes_only_what_fits(api: Caller, control: Control, busy: str) -> None:
    inject(control, "empty", path=r"/registrants$", method="GET")
    assert api.get(api.webinar(busy, "/registrants")).content == b""
    assert listing(api).content
    assert api.register(busy, email="").status_code == 400


def test_a_fault_skips_then_strikes_so_many_times(api: Caller, control: Control) -> None:
    inject(control, "status", skip=1, times=2)
    assert [listing(api).status_code for _ in range(5)] == [200, 503, 503, 200, 200]
    assert [call["fault"] for call in control.calls()] == [None, "status", "status", None, None]


def test_chance_is_seeded() -> None:
    def statuses() -> list[int]:
        faults = (Fault(kind="status", path="/Users/me", probability=0.5),)
        with Sandbox(Options(seed=7, webinars=1, faults=faults)) as sandbox:
            api = Caller(sandbox)
            with api.session:
                return [api.get("/identity/v1/Users/me").status_code for _ in range(20)]

    first = statuses()
    assert set(first) == {200, 503}
    assert statuses() == first


def test_rules_apply_in_order(api: Caller, control: Control) -> None:
    control.configure(faults=[Fault(kind="empty", times=1), Fault(kind="status", status=500)])
    assert [listing(api).status_code for _ in range(3)] == [200, 500, 500]


def test_an_answer_may_be_lost_after_the_call_took_effect(api: Caller, control: Control) -> None:
    webinar = control.add_webinar()
    inject(control, "reset", method="POST", after=True, times=1)
    ada = {"firstName": "Ada", "lastName": "Berg", "email": "ada.berg@example.com"}
    with pytest.raises(requests.ConnectionError):
        api.register(webinar, **ada)
    assert api.register(webinar, **ada).status_code == 409


def test_a_call_that_has_arrived_takes_effect_although_the_caller_is_gone(
    api: Caller, control: Control, capfd: pytest.CaptureFixture[str]
) -> None:
    webinar = control.add_webinar()
    inject(control, "slow", method="POST", seconds=0.3, times=1)
    url = f"{api.sandbox.url}{api.webinar(webinar, '/registrants')}"
    with pytest.raises(requests.Timeout):
        api.session.post(url, json={"firstName": "Ada", "lastName": "Berg", "email": "a@example.com"}, timeout=0.1)
    while control.state()["open"]:
        time.sleep(0.01)
    assert [row["email"] for row in api.registrants(webinar)] == ["a@example.com"]
    assert capfd.readouterr().err == ""


def test_the_server_stops_at_once_even_while_answers_are_slow() -> None:
    with Sandbox(Options(seed=7, webinars=1, latency=60)) as sandbox:
        with pytest.raises(requests.Timeout):
            requests.get(f"{sandbox.url}/nothing", timeout=0.05)
        before = time.monotonic()
    assert time.monotonic() - before < 2


ORGANIZER = "/organizers/{organizerKey}"
WEBINAR = f"{ORGANIZER}/webinars/{{webinarKey}}"
LISTS = [
    (f"{ORGANIZER}/webinars", "webinarKey"),
    (f"{ORGANIZER}/sessions", "sessionKey"),
    (f"{WEBINAR}/registrants", "registrantKey"),
    (f"{WEBINAR}/registrants?page=0", "registrantKey"),
    (f"{WEBINAR}/panelists", "panelistId"),
    (f"{WEBINAR}/coorganizers", "memberKey"),
    (f"{WEBINAR}/attendees", "registrantKey"),
    (f"{WEBINAR}/sessions/{{sessionKey}}/attendees", "registrantKey"),
    ("/webinars/{webinarKey}/recordingAssets", "recordingAssetKey"),
]


@pytest.fixture(scope="module")
def filled(api: Caller) -> dict[str, str]:
    """Keys of a webinar and a session none of whose lists is empty."""
    control = api.sandbox.control
    webinar = control.add_webinar()
    guests = control.add_registrants(webinar, 3)
    control.add_panelist(webinar)
    control.add_coorganizer(webinar)
    control.add_recording(webinar)
    return {
        "organizerKey": api.organizer_key,
        "webinarKey": webinar,
        "sessionKey": control.hold_session(webinar, guests),
    }


def rows_of(body: Any) -> tuple[list[dict[str, Any]], int]:  # noqa: ANN401
    """Return the rows of a list, and how many there are as its envelope says."""
    if isinstance(body, list):
        return body, len(body)
    if "data" in body:
        return body["data"], body["total"]
    (rows,) = body["_embedded"].values()
    return rows, body["page"]["totalElements"]


@pytest.mark.parametrize(("path", "key"), LISTS)
def test_a_row_more_comes_in_any_list(
    path: str, key: str, api: Caller, control: Control, filled: dict[str, str]
) -> None:
    path = f"{PRODUCT}{path.format(**filled)}"
    right, total = rows_of(api.get(path, size=200, **EVER).json())
    for value, more in (
        (None, {**right[0], key: None}),
        ({}, right[0]),
        ({"name": "Other"}, {**right[0], "name": "Other"}),
    ):
        inject(control, "extra_row", value=value)
        assert rows_of(api.get(path, size=200, **EVER).json()) == ([*right, more], total + 1)


def test_a_row_more_stands_on_the_first_page_and_counts_on_all(api: Caller, control: Control) -> None:
    path, query = api.organizer("/webinars"), {"size": "5", **EVER}
    right = [rows_of(api.get(path, page=page, **query).json()) for page in (0, 1)]
    inject(control, "extra_row", value={})
    matched = [rows_of(api.get(path, page=page, **query).json()) for page in (0, 1)]
    assert [len(rows) for rows, _ in matched] == [6, 5]
    assert [total for _, total in matched] == [total + 1 for _, total in right]


def test_an_empty_list_stays_empty_and_an_error_an_error(api: Caller, control: Control) -> None:
    webinar = control.add_webinar()
    inject(control, "extra_row")
    assert api.registrants(webinar) == []
    assert api.get(api.webinar(webinar, "/attendees")).json()["page"]["totalElements"] == 0
    assert api.get(api.webinar("1")).status_code == 404


def test_times_may_come_as_milliseconds(api: Caller, control: Control) -> None:
    right = listing(api).json()["_embedded"]["webinars"][0]
    inject(control, "epoch")
    row = listing(api).json()["_embedded"]["webinars"][0]
    told = dt.datetime.fromtimestamp(row["times"][0]["startTime"] / 1000, dt.UTC)
    assert told == dt.datetime.fromisoformat(right["times"][0]["startTime"])
    assert {**row, "times": right["times"]} == right
