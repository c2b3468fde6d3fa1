"""What the pages on credentials and plain Singer say is true of tap and login."""

import json
import re

from tap_gotowebinar.api.auth.token_endpoint import Credentials
from tap_gotowebinar.login.command import cli as login
from tap_gotowebinar.settings.connection import CONNECTION_SETTINGS
from tap_gotowebinar.settings.tap import TAP_SETTINGS, problems
from tests.pages import DOCS

PAGE = DOCS["credentials"]
SETTINGS = {declared.name for settings in (CONNECTION_SETTINGS, TAP_SETTINGS) for declared in settings}


def test_the_configuration_file_is_valid() -> None:
    config = json.loads(
        next(block.text for block in DOCS["singer"].blocks if "client_id" in block.text and block.language == "json")
    )
    assert config.keys() <= SETTINGS
    assert list(problems(config)) == []


def test_a_personal_access_token_is_used_when_both_are_set() -> None:
    assert "the personal access token is used" in PAGE.text
    assert Credentials("a", "b", "c", "d").grant_type == "personal_access_token"


def test_the_options_of_the_login_are_those_it_has() -> None:
    named = set(re.findall(r"`(--[\w-]+)", PAGE.text))
    assert named <= {flag for option in login.params for flag in option.opts}
