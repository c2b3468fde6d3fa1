"""Tokens: grants, lifetimes, rotation, and whose they are; and the authorize page, which gives a code for them."""

import base64
import hashlib
import re
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from gotowebinar_sandbox import Control, Options, Sandbox

from .conftest import Caller

ME = "/identity/v1/Users/me"
BACK = "http://127.0.0.1:9/back?from=goto"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
PKCE = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}


def test_a_refresh_returns_the_documented_token_without_a_refresh_token(api: Caller) -> None:
    response = api.refresh()
    assert response.status_code == 200
    token = response.json()
    assert token.keys() == {"access_token", "token_type", "expires_in", "scope", "principal"}
    assert (token["token_type"], token["expires_in"], token["scope"]) == ("Bearer", 3600, "collab:")


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "refresh_token", "refresh_token": "nonsense"}, "invalid_grant"),
        ({"grant_type": "refresh_token"}, "invalid_grant"),
        ({"grant_type": "personal_access_token", "pat": "nonsense"}, "invalid_grant"),
        ({"grant_type": "authorization_code", "code": "code-nonsense"}, "invalid_grant"),
        ({"grant_type": "authorization_code", "code": ""}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": ""}, "unsupported_grant_type"),
    ],
)
def test_a_bad_token_request_is_rejected(form: dict[str, str], error: str, api: Caller) -> None:
    response = api.token(None, **form)
    assert (response.status_code, response.json()["error"]) == (400, error)
    assert response.json()["error_description"]


@pytest.mark.parametrize("header", ["", "Bearer abc", "Basic ???", "Basic /w==", "Basic bm9ib2R5Om5vdGhpbmc="])
def test_a_bad_client_is_rejected(header: str, api: Caller) -> None:
    response = api.session.post(f"{api.sandbox.url}/oauth/token", headers={"Authorization": header}, timeout=10)
    assert (response.status_code, response.json()["error"]) == (401, "invalid_client")


def test_access_tokens_expire_by_time_and_on_demand(api: Caller, control: Control) -> None:
    control.configure(token_lifetime=0)
    first = api.login()
    assert api.get(ME).json()["int_err_code"] == "InvalidToken"
    control.configure(token_lifetime=60)
    assert api.login() != first
    assert api.get(ME).status_code == 200
    control.expire_access_tokens()
    assert api.get(ME).status_code == 403
    api.login()


def test_rotation_rejects_the_old_refresh_token_and_revocation_all_but_the_personal_one() -> None:
    with Sandbox(Options(seed=7, webinars=1, rotate_refresh_tokens=True)) as sandbox:
        api = Caller(sandbox)
        with api.session:
            first = api.refresh().json()["refresh_token"]
            assert first != sandbox.credentials["refresh_token"]
            assert api.refresh().status_code == 400
            second = api.refresh(first).json()["refresh_token"]
            assert api.refresh(first).status_code == 400
            third = api.refresh(second).json()["refresh_token"]
            sandbox.control.revoke_refresh_token()
            assert api.refresh(third).json()["error"] == "invalid_grant"
            api.login()
            assert api.get(ME).status_code == 200


def test_identity_gives_strings_and_admin_a_number(api: Caller) -> None:
    identity, admin = api.get(ME).json(), api.get("/admin/rest/v1/me").json()
    fields = ("id", "userName", "displayName", "name", "emails", "locale", "timezone", "accounts")
    assert tuple(identity) == fields
    assert admin.keys() == {
        *("key", "accountKey", "email", "firstName", "lastName", "locale", "createTime", "accounts"),
    }
    assert identity["id"] == api.organizer_key == str(admin["key"])
    assert identity["accounts"][0]["value"] == api.account_key == str(admin["accountKey"])
    assert isinstance(admin["key"], int)


def test_identity_may_be_forbidden_and_admin_too_narrow(api: Caller, control: Control) -> None:
    control.configure(identity="forbidden", admin="narrow")
    identity, admin = api.get(ME), api.get("/admin/rest/v1/me")
    assert (identity.status_code, identity.json()["errorCode"]) == (403, "AccessDenied")
    assert (admin.status_code, admin.json()["errorCode"]) == (401, "not.authenticated")


# The authorize page


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
