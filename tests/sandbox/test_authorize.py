"""The authorize page: allowed, denied, links that do not work, and what the code is good for."""

import base64
import hashlib
import re
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from gotowebinar_sandbox import Control

from .conftest import Caller

BACK = "http://127.0.0.1:9/back?from=goto"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
PKCE = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}


@pytest.fixture(autouse=True)
def _registered(control: Control) -> None:
    control.configure(redirect_uris=["http://127.0.0.1:9/first", BACK])


def request(method: str, api: Caller, decision: str | None = None, /, **asked: str | None) -> requests.Response:
    """Send an authorization request; what is None is left out."""
    client_id = api.sandbox.credentials["client_id"]
    query = {"response_type": "code", "client_id": client_id, "redirect_uri": BACK, "state": "s", **asked}
    url = f"{api.sandbox.url}/oauth/authorize"
    data = {"decision": decision} if decision else None
    return requests.request(method, url, params=query, data=data, allow_redirects=False, timeout=10)


def decide(api: Caller, decision: str = "allow", **asked: str | None) -> dict[str, str]:
    """Click a button, and return the query that the browser is sent back with."""
    return sent_back(request("POST", api, decision, **asked))


def sent_back(answer: requests.Response) -> dict[str, str]:
    assert answer.status_code == 303
    parts = urlsplit(answer.headers["Location"])
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == "http://127.0.0.1:9/back"
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert query.pop("from") == "goto"
    return query


def trade(api: Caller, code: str, **form: str) -> requests.Response:
    given = {"redirect_uri": BACK, "code_verifier": VERIFIER, **form}
    return api.token(None, grant_type="authorization_code", code=code, **given)


# The page ------------------------------------------------------------------------------------------------------------


def test_the_page_says_who_asks_whom_and_needs_nothing_from_elsewhere(api: Caller) -> None:
    answer = request("GET", api, **PKCE)

    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    assert api.sandbox.credentials["client_id"] in answer.text
    assert api.get("/identity/v1/Users/me").json()["userName"] in answer.text
    assert re.findall(r'name="decision" value="(\w+)"', answer.text) == ["allow", "deny"]
    assert not re.search(r"https?:|src=|href=|<script", answer.text)


def test_what_a_client_asks_for_is_shown_as_text(api: Caller, control: Control) -> None:
    control.configure(redirect_uris=["<b>"])

    answer = request("GET", api, redirect_uri="<b>", state='"><script>', scope="collab:")

    assert "<script>" not in answer.text


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        ({"client_id": "nobody"}, "client_id"),
        ({"client_id": None}, "client_id"),
        ({"redirect_uri": "http://127.0.0.1:9/back"}, "redirect_uri"),
        ({"redirect_uri": f"{BACK}&more=1"}, "redirect_uri"),
        ({"redirect_uri": "http://localhost:9/back?from=goto"}, "redirect_uri"),
        ({"redirect_uri": ""}, "redirect_uri"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_link_that_names_no_known_client_or_address_leads_nowhere(
    method: str, asked: dict[str, str | None], complaint: str, api: Caller
) -> None:
    answer = request(method, api, "allow" if method == "POST" else None, **asked)

    assert (answer.status_code, "Location" in answer.headers) == (400, False)
    assert complaint in answer.text


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "unsupported_response_type"),
        ({"scope": "collab: everything"}, "invalid_scope"),
        ({"code_challenge": CHALLENGE}, "invalid_request"),
        ({"code_challenge": CHALLENGE, "code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "short", "code_challenge_method": "S256"}, "invalid_request"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_request_that_makes_no_sense_is_sent_back_with_an_error(
    method: str, asked: dict[str, str | None], error: str, api: Caller
) -> None:
    query = sent_back(request(method, api, **asked))

    assert query.pop("error_description")
    assert query == {"error": error, "state": "s"}


def test_who_denies_is_sent_back_with_an_error(api: Caller) -> None:
    query = decide(api, "deny", **PKCE)

    assert query.pop("error_description")
    assert query == {"error": "access_denied", "state": "s"}


def test_a_state_comes_back_to_the_letter_or_not_at_all(api: Caller) -> None:
    odd = "a b&c=d+é%20"

    assert decide(api, state=odd)["state"] == odd
    assert "state" not in decide(api, state=None)


# The code ------------------------------------------------------------------------------------------------------------


def test_a_code_is_traded_for_both_kinds_of_token_which_work(api: Caller) -> None:
    answer = trade(api, decide(api, **PKCE)["code"])

    assert answer.status_code == 200
    token = answer.json()
    assert token.keys() == {"access_token", "token_type", "refresh_token", "expires_in", "scope", "principal"}
    assert token["scope"] == "collab: identity:scim.me"
    bearer = {"Authorization": f"Bearer {token['access_token']}"}
    assert requests.get(f"{api.sandbox.url}/admin/rest/v1/me", headers=bearer, timeout=10).status_code == 200
    assert api.refresh(token["refresh_token"]).status_code == 200


def test_a_login_leaves_the_tokens_of_earlier_ones_alone(api: Caller) -> None:
    trade(api, decide(api, **PKCE)["code"])

    assert api.refresh().status_code == 200


def test_the_scope_is_what_was_asked_for_and_stays_it(api: Caller) -> None:
    token = trade(api, decide(api, scope="collab:", **PKCE)["code"]).json()

    assert token["scope"] == "collab:"
    assert api.refresh(token["refresh_token"]).json()["scope"] == "collab:"


def test_a_code_works_once(api: Caller) -> None:
    code = decide(api, **PKCE)["code"]

    assert [trade(api, code).status_code for _ in range(2)] == [200, 400]


@pytest.mark.parametrize(
    "wrong", [{"code_verifier": "w" * 43}, {"code_verifier": ""}, {"redirect_uri": "http://127.0.0.1:9/first"}]
)
def test_a_code_is_used_up_by_a_try_that_does_not_fit(wrong: dict[str, str], api: Caller) -> None:
    code = decide(api, **PKCE)["code"]

    for answer in (trade(api, code, **wrong), trade(api, code)):
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_without_a_challenge_there_must_be_no_verifier(api: Caller) -> None:
    refused = trade(api, decide(api)["code"])
    granted = api.token(grant_type="authorization_code", code=decide(api)["code"], redirect_uri=BACK)

    assert (refused.status_code, granted.status_code) == (400, 200)


def test_a_redirect_uri_that_was_left_out_is_the_first_and_left_out_again(api: Caller, control: Control) -> None:
    control.configure(redirect_uris=[BACK])

    code = decide(api, redirect_uri=None)["code"]

    assert api.token(grant_type="authorization_code", code=code).status_code == 200


def test_a_code_expires(api: Caller, control: Control) -> None:
    control.configure(code_lifetime=0)

    assert trade(api, decide(api, **PKCE)["code"]).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(("code", "error"), [("code-nonsense", "invalid_grant"), ("", "invalid_request")])
def test_a_code_nobody_gave_out_is_refused(code: str, error: str, api: Caller) -> None:
    answer = trade(api, code)

    assert (answer.status_code, answer.json()["error"]) == (400, error)
