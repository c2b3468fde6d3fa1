"""A login against a server that answers with the very bytes it is given, and the texts of the login."""

from urllib.parse import parse_qs, urlsplit

import pytest

from gotowebinar_sandbox import Options
from tap_gotowebinar.api.errors import AuthenticationError
from tap_gotowebinar.login.command import DEFAULT_REDIRECT_URI
from tap_gotowebinar.login.flow import Login
from tap_gotowebinar.login.messages import owner_lines
from tap_gotowebinar.login.settings import for_login
from tests.canned_server import Canned, token_answer

URI = "http://localhost:8914/callback"
GOOD = "code=abc&state=STATE"


def finish(login: Login, pasted: str) -> None:
    login.finish(pasted.replace("STATE", parse_qs(urlsplit(login.address).query)["state"][0]))


@pytest.mark.parametrize("pasted", [GOOD, f"{URI}?{GOOD}", f"{URI}?{GOOD}#", f"{URI}?{GOOD}#_=_"])
def test_the_token_request_is_the_documented_one_however_the_browser_writes_the_address(pasted: str) -> None:
    with Canned(token_answer()) as server:
        login = Login(for_login(server.settings), URI)
        with pytest.raises(AuthenticationError, match="no refresh token"):
            finish(login, pasted)

    head, _, form = server.requests[0].rpartition("\r\n")
    assert head.startswith("POST /oauth/token ")
    assert "Authorization: Basic b3VyLWNsaWVudDpvdXItc2VjcmV0" in head
    fields = parse_qs(form)
    verifier = fields.pop("code_verifier")[0]
    assert 43 <= len(verifier) <= 128
    assert fields == {"grant_type": ["authorization_code"], "code": ["abc"], "redirect_uri": [URI]}


@pytest.mark.parametrize(
    ("pasted", "said"),
    [
        (f"{URI}?error=access_denied&state=STATE", "GoTo gives no access .access_denied"),
        (f"{URI}?error=new_one&error_description=Ask+ada@example.com&state=STATE", "new_one: Ask <e-mail>"),
        (f"{URI}?code=abc&state=other", "the answer to another login .its state differs.: start again"),
        ("code=abc&state=other", "the answer to another login .its state differs.: start again"),
        *((f"{URI}?{query}&state=STATE", "paste the whole address") for query in ("other=1", "code=")),
        *(
            (text, "start again, and paste the whole address")
            for text in ("nonsense", URI, f"{URI}?code=abc", "http://[")
        ),
    ],
)
def test_what_holds_no_code_for_this_login_is_one_clear_line(pasted: str, said: str) -> None:
    with Canned(token_answer()) as server:
        login = Login(for_login(server.settings), URI)
        with pytest.raises(AuthenticationError, match=said):
            finish(login, pasted)

    assert server.requests == []


# Its texts

ACCOUNTS = [{"accountKey": "2", "name": "Honey"}, {"accountKey": 3, "name": None}]


def test_all_accounts_of_a_person_are_named() -> None:
    said = list(owner_lines({"organizerKey": "1", "displayName": "Ada Berg", "accounts": ACCOUNTS}))

    assert said == [
        "The tokens belong to Ada Berg.",
        "  organizer key  1",
        "  account key    2  Honey",
        "  account key    3",
    ]


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ({"firstName": "Ada", "lastName": "Berg"}, "Ada Berg"),
        ({"firstName": None, "lastName": "Berg"}, "Berg"),
        ({}, "somebody whose name GoTo does not tell"),
        ({"displayName": "A\x1b[2Jda\n"}, "A[2Jda"),
    ],
)
def test_a_person_is_named_as_far_as_goto_tells(told: dict[str, str | None], name: str) -> None:
    said = list(owner_lines({"organizerKey": "1", "accountKey": "2", "accounts": [], **told}))

    assert said == [f"The tokens belong to {name}.", "  organizer key  1", "  account key    2"]


def test_the_sandbox_knows_the_redirect_uri_that_the_login_takes_unless_told_otherwise() -> None:
    assert Options().redirect_uris == (DEFAULT_REDIRECT_URI,)
