"""The texts of the login."""

import pytest

from gotowebinar_sandbox import Options
from tap_gotowebinar.login.command import DEFAULT_REDIRECT_URI
from tap_gotowebinar.login.messages import owner_lines

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
