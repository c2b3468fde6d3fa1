"""A login against a server that answers with the very bytes it is given."""

from urllib.parse import parse_qs, urlsplit

import pytest

from tap_gotowebinar.api.errors import AuthenticationError
from tap_gotowebinar.login.flow import Login
from tap_gotowebinar.login.settings import for_login
from tests.canned_server import Canned, token_answer

URI = "http://localhost:8914/callback"


def answered(login: Login, query: str) -> str:
    """The address that a browser is sent back to."""
    state = parse_qs(urlsplit(login.address).query)["state"][0]
    return f"{URI}?{query}&state={state}"


def test_the_token_request_is_the_documented_one() -> None:
    with Canned(token_answer()) as server:
        login = Login(for_login(server.settings), URI)
        with pytest.raises(AuthenticationError, match="no refresh token"):
            login.finish(answered(login, "code=abc"))

    head, _, form = server.requests[0].rpartition("\r\n")
    assert head.startswith("POST /oauth/token ")
    assert "Authorization: Basic b3VyLWNsaWVudDpvdXItc2VjcmV0" in head
    fields = parse_qs(form)
    verifier = fields.pop("code_verifier")[0]
    assert 43 <= len(verifier) <= 128
    assert fields == {"grant_type": ["authorization_code"], "code": ["abc"], "redirect_uri": [URI]}


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("error=access_denied", "GoTo gives no access .access_denied"),
        ("error=new_one&error_description=Ask+ada@example.com", "new_one: Ask <e-mail>"),
        ("other=1", "paste the whole address"),
        ("code=", "paste the whole address"),
    ],
)
def test_an_answer_without_a_code_is_one_clear_line(query: str, said: str) -> None:
    with Canned(token_answer()) as server:
        login = Login(for_login(server.settings), URI)
        with pytest.raises(AuthenticationError, match=said):
            login.finish(answered(login, query))

    assert server.requests == []


@pytest.mark.parametrize("pasted", ["nonsense", URI, f"{URI}?code=abc", "http://[", "code=abc&state=other"])
def test_what_is_no_answer_to_this_login_is_one_clear_line(pasted: str) -> None:
    with Canned(token_answer()) as server:
        login = Login(for_login(server.settings), URI)
        with pytest.raises(AuthenticationError, match="start again"):
            login.finish(pasted)

    assert server.requests == []


@pytest.mark.parametrize("fragment", ["#", "#_=_"])
def test_a_fragment_that_a_browser_adds_is_no_part_of_the_code(fragment: str) -> None:
    with Canned(token_answer()) as server:
        login = Login(for_login(server.settings), URI)
        with pytest.raises(AuthenticationError, match="no refresh token"):
            login.finish(answered(login, "code=abc") + fragment)

    assert "code=abc&" in server.requests[0]


def test_a_query_alone_will_do() -> None:
    with Canned(token_answer()) as server:
        login = Login(for_login(server.settings), URI)
        with pytest.raises(AuthenticationError, match="no refresh token"):
            login.finish(urlsplit(answered(login, "code=abc")).query)

    assert len(server.requests) == 1
