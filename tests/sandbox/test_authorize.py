"""The authorize page: allowed, denied, links that do not work, and the exchange of the code."""

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


def request(method: str, api: Caller, decision: str | None = None, /, **query: str | None) -> requests.Response:
    """Send an authorization request; parameters that are None are left out."""
    client_id = api.sandbox.credentials["client_id"]
    params = {"response_type": "code", "client_id": client_id, "redirect_uri": BACK, "state": "s", **query}
    url = f"{api.sandbox.url}/oauth/authorize"
    data = {"decision": decision} if decision else None
    return requests.request(method, url, params=params, data=data, allow_redirects=False, timeout=10)


def decide(api: Caller, decision: str = "allow", **query: str | None) -> dict[str, str]:
    """Click a button, and return the query of the redirect."""
    return redirect_query(request("POST", api, decision, **query))


def redirect_query(response: requests.Response) -> dict[str, str]:
    assert response.status_code == 303
    parts = urlsplit(response.headers["Location"])
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == "http://127.0.0.1:9/back"
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert query.pop("from") == "goto"
    return query


def exchange(api: Caller, code: str, **form: str) -> requests.Response:
    given = {"redirect_uri": BACK, "code_verifier": VERIFIER, **form}
    return api.token(None, grant_type="authorization_code", code=code, **given)


def test_the_page_names_client_and_user_as_text_and_needs_no_other_file(api: Caller, control: Control) -> None:
    response = request("GET", api, **PKCE)
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/html")
    assert api.sandbox.credentials["client_id"] in response.text
    assert api.get("/identity/v1/Users/me").json()["userName"] in response.text
    assert re.findall(r'name="decision" value="(\w+)"', response.text) == ["allow", "deny"]
    assert not re.search(r"https?:|src=|href=|<script", response.text)
    control.configure(redirect_uris=["<b>"])
    assert "<script>" not in request("GET", api, redirect_uri="<b>", state='"><script>', scope="collab:").text


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ({"client_id": "nobody"}, "client_id"),
        ({"client_id": None}, "client_id"),
        ({"redirect_uri": "http://127.0.0.1:9/back"}, "redirect_uri"),
        ({"redirect_uri": f"{BACK}&more=1"}, "redirect_uri"),
        ({"redirect_uri": "http://localhost:9/back?from=goto"}, "redirect_uri"),
        ({"redirect_uri": ""}, "redirect_uri"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "unsupported_response_type"),
        ({"scope": "collab: everything"}, "invalid_scope"),
        ({"code_challenge": CHALLENGE}, "invalid_request"),
        ({"code_challenge": CHALLENGE, "code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "short", "code_challenge_method": "S256"}, "invalid_request"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_only_a_request_of_a_known_client_with_a_known_address_is_redirected_with_its_error(
    method: str, query: dict[str, str | None], problem: str, api: Caller
) -> None:
    response = request(method, api, "allow" if method == "POST" else None, **query)
    if problem in {"client_id", "redirect_uri"}:
        assert (response.status_code, "Location" in response.headers) == (400, False)
        assert problem in response.text
    else:
        error = redirect_query(response)
        assert error.pop("error_description")
        assert error == {"error": problem, "state": "s"}


def test_a_denial_is_redirected_with_an_error_and_the_state_is_returned_unchanged(api: Caller) -> None:
    odd = "a b&c=d+é%20"
    error = decide(api, "deny", state=odd, **PKCE)
    assert error.pop("error_description")
    assert error == {"error": "access_denied", "state": odd}
    assert decide(api, state=odd)["state"] == odd
    assert "state" not in decide(api, state=None)


def test_a_code_is_exchanged_once_for_both_kinds_of_token_which_work(api: Caller) -> None:
    code = decide(api, **PKCE)["code"]
    response, again = exchange(api, code), exchange(api, code)
    assert (response.status_code, again.status_code) == (200, 400)
    token = response.json()
    assert token.keys() == {"access_token", "token_type", "refresh_token", "expires_in", "scope", "principal"}
    assert token["scope"] == "collab: identity:scim.me"
    bearer = {"Authorization": f"Bearer {token['access_token']}"}
    assert requests.get(f"{api.sandbox.url}/admin/rest/v1/me", headers=bearer, timeout=10).status_code == 200
    assert api.refresh(token["refresh_token"]).status_code == 200
    assert api.refresh().status_code == 200, "the tokens of earlier logins stay valid"


def test_the_scope_is_what_was_asked_for_also_after_a_refresh(api: Caller) -> None:
    token = exchange(api, decide(api, scope="collab:", **PKCE)["code"]).json()
    assert token["scope"] == api.refresh(token["refresh_token"]).json()["scope"] == "collab:"


@pytest.mark.parametrize(
    "wrong", [{"code_verifier": "w" * 43}, {"code_verifier": ""}, {"redirect_uri": "http://127.0.0.1:9/first"}]
)
def test_a_code_is_used_up_by_an_exchange_that_fails(wrong: dict[str, str], api: Caller) -> None:
    code = decide(api, **PKCE)["code"]
    for response in (exchange(api, code, **wrong), exchange(api, code)):
        assert (response.status_code, response.json()["error"]) == (400, "invalid_grant")


def test_without_a_challenge_there_must_be_no_verifier(api: Caller) -> None:
    rejected = exchange(api, decide(api)["code"])
    granted = api.token(grant_type="authorization_code", code=decide(api)["code"], redirect_uri=BACK)
    assert (rejected.status_code, granted.status_code) == (400, 200)


def test_a_request_without_redirect_uri_uses_the_first_and_its_exchange_has_none(api: Caller, control: Control) -> None:
    control.configure(redirect_uris=[BACK])
    code = decide(api, redirect_uri=None)["code"]
    assert api.token(grant_type="authorization_code", code=code).status_code == 200


@pytest.mark.parametrize(("code", "error"), [("code-nonsense", "invalid_grant"), ("", "invalid_request")])
def test_an_unknown_code_is_rejected(code: str, error: str, api: Caller) -> None:
    response = exchange(api, code)
    assert (response.status_code, response.json()["error"]) == (400, error)
