"""Tokens: grants, lifetimes, rotation, and the look-ups of who they belong to."""

import pytest

from gotowebinar_sandbox import Control, Options, Sandbox

from .conftest import Caller


def test_a_refresh_answers_the_documented_token_without_a_refresh_token(api: Caller) -> None:
    answer = api.refresh()
    assert answer.status_code == 200
    token = answer.json()
    assert token.keys() == {"access_token", "token_type", "expires_in", "scope", "principal"}
    assert (token["token_type"], token["expires_in"], token["scope"]) == ("Bearer", 3600, "collab:")


def test_a_personal_access_token_is_traded_again_and_again(api: Caller) -> None:
    pat = api.sandbox.credentials["personal_access_token"]
    tokens = [api.token(grant_type="personal_access_token", pat=pat).json()["access_token"] for _ in range(2)]
    assert tokens[0] != tokens[1]


@pytest.mark.parametrize(
    "form",
    [
        {"grant_type": "refresh_token", "refresh_token": "nonsense"},
        {"grant_type": "refresh_token"},
        {"grant_type": "personal_access_token", "pat": "nonsense"},
    ],
)
def test_a_bad_token_is_an_invalid_grant(form: dict[str, str], api: Caller) -> None:
    answer = api.token(None, **form)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert answer.json()["error_description"]


@pytest.mark.parametrize("grant", ["password", "client_credentials", ""])
def test_another_grant_is_not_supported(grant: str, api: Caller) -> None:
    answer = api.token(grant_type=grant)
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")


def test_a_bad_client_is_refused(api: Caller) -> None:
    answer = api.token(client=("nobody", "nothing"), grant_type="refresh_token")
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize("header", ["", "Bearer abc", "Basic ???", "Basic /w=="])
def test_a_client_that_does_not_say_who_it_is_is_refused(header: str, api: Caller) -> None:
    answer = api.session.post(f"{api.sandbox.url}/oauth/token", headers={"Authorization": header}, timeout=10)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_an_access_token_expires(api: Caller, control: Control) -> None:
    control.configure(token_lifetime=0)
    api.login()
    assert api.get("/identity/v1/Users/me").json()["int_err_code"] == "InvalidToken"
    control.configure(token_lifetime=60)
    api.login()
    assert api.get("/identity/v1/Users/me").status_code == 200


def test_access_tokens_can_be_expired_at_once(api: Caller, control: Control) -> None:
    control.expire_access_tokens()
    assert api.get("/admin/rest/v1/me").status_code == 403
    api.login()
    assert api.get("/admin/rest/v1/me").status_code == 200


def test_rotation_refuses_the_old_refresh_token_from_then_on() -> None:
    with Sandbox(Options(seed=7, webinars=1, rotate_refresh_tokens=True)) as sandbox:
        api = Caller(sandbox)
        with api.session:
            first = api.refresh().json()["refresh_token"]
            assert first != sandbox.credentials["refresh_token"]
            assert api.refresh().status_code == 400
            second = api.refresh(first).json()["refresh_token"]
            assert api.refresh(first).status_code == 400
            assert api.refresh(second).status_code == 200


def test_a_refresh_token_expires() -> None:
    with Sandbox(Options(seed=7, webinars=1, refresh_token_lifetime=0)) as sandbox:
        api = Caller(sandbox)
        with api.session:
            assert api.refresh().json()["error"] == "invalid_grant"


def test_a_revoked_refresh_token_is_refused_but_not_the_personal_one() -> None:
    with Sandbox(Options(seed=7, webinars=1)) as sandbox:
        api = Caller(sandbox)
        with api.session:
            sandbox.control.revoke_refresh_token()
            assert api.refresh().json()["error"] == "invalid_grant"
            api.login()
            assert api.get("/identity/v1/Users/me").status_code == 200


def test_identity_gives_strings_and_admin_a_number(api: Caller) -> None:
    identity = api.get("/identity/v1/Users/me").json()
    admin = api.get("/admin/rest/v1/me").json()
    assert identity.keys() == {
        *("id", "userName", "displayName", "name", "emails", "locale", "timezone", "accounts"),
    }
    assert admin.keys() == {
        *("key", "accountKey", "email", "firstName", "lastName", "locale", "createTime", "accounts"),
    }
    assert identity["id"] == api.organizer_key == str(admin["key"])
    assert identity["accounts"][0]["value"] == api.account_key == str(admin["accountKey"])
    assert isinstance(admin["key"], int)


def test_identity_may_be_forbidden_and_admin_too_narrow(api: Caller, control: Control) -> None:
    control.configure(identity="forbidden", admin="narrow")
    identity, admin = api.get("/identity/v1/Users/me"), api.get("/admin/rest/v1/me")
    assert (identity.status_code, identity.json()["errorCode"]) == (403, "AccessDenied")
    assert (admin.status_code, admin.json()["errorCode"]) == (401, "not.authenticated")
