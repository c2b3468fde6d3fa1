"""The limits that the page names are those of the code."""

from __future__ import annotations

import re

from tap_gotowebinar.children import MAX_GIVEN_UP
from tap_gotowebinar.connection import TRIES
from tap_gotowebinar.connection_settings import CONNECTION_SETTINGS
from tap_gotowebinar.envelopes import MAX_PAGES
from tap_gotowebinar.retry_after import LONGEST_PAUSE
from tap_gotowebinar.timed_connections import LONGEST_ANSWER
from tap_gotowebinar.transport import CONNECT_TIMEOUT, LONGEST_CALL, MAX_ANSWER
from target_gotowebinar.desk import MAX_UNANSWERED
from tests.pages import DOCS

PAGE = DOCS["reliability"]


def test_the_limits_are_those_of_the_code() -> None:
    (timeout,) = (setting.default for setting in CONNECTION_SETTINGS if setting.name == "request_timeout")
    limits = [int(re.findall(r"\d+", row[1])[0]) for row in PAGE.table("What", "Limit")]
    assert limits == [
        *(CONNECT_TIMEOUT, timeout, LONGEST_ANSWER, TRIES, LONGEST_CALL, MAX_GIVEN_UP, LONGEST_PAUSE),
        *(MAX_ANSWER // 2**20, MAX_PAGES, 0),
    ]


def test_tap_and_target_give_up_after_as_many_calls() -> None:
    assert MAX_GIVEN_UP == MAX_UNANSWERED
