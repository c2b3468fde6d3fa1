"""The limits that the page names are those of the code."""

import re

from tap_gotowebinar.api.deadline_adapter import RESPONSE_DEADLINE_FACTOR
from tap_gotowebinar.api.pagination import MAX_PAGES
from tap_gotowebinar.api.retries import LONGEST_PAUSE, TRIES
from tap_gotowebinar.api.transport import CALL_DEADLINE_FACTOR, CONNECT_TIMEOUT, MAX_RESPONSE_BYTES
from tap_gotowebinar.settings.connection import CONNECTION_SETTINGS
from tap_gotowebinar.streams.parents_and_children import MAX_CONSECUTIVE_FAILURES
from target_gotowebinar.sink import MAX_UNANSWERED
from tests.pages import DOCS

PAGE = DOCS["reliability"]


def test_the_limits_are_those_of_the_code() -> None:
    (timeout,) = (setting.default for setting in CONNECTION_SETTINGS if setting.name == "request_timeout")
    limits = [int(re.findall(r"\d+", row[1])[0]) for row in PAGE.table("What", "Limit")]
    assert limits == [
        *(
            CONNECT_TIMEOUT,
            timeout,
            RESPONSE_DEADLINE_FACTOR,
            TRIES,
            CALL_DEADLINE_FACTOR,
            MAX_CONSECUTIVE_FAILURES,
            LONGEST_PAUSE,
        ),
        *(MAX_RESPONSE_BYTES // 2**20, MAX_PAGES, 0),
    ]


def test_tap_and_target_give_up_after_as_many_calls() -> None:
    assert MAX_CONSECUTIVE_FAILURES == MAX_UNANSWERED
