"""Tokens: grants, lifetimes, rotation, and the look-ups of who they belong to."""

import pytest

from gotowebinar_sandbox import Control, Options, Sandbox

from .conftest import Caller

ME = "/identity/v1/Users/me"


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
