"""Every message of tap, target and login is found on the page, and the page has no others."""

import re
from pathlib import Path

import pytest

import tap_gotowebinar
import target_gotowebinar
from tests.messages_in_source import GAP, messages, strings
from tests.pages import DOCS, names

PAGE = DOCS["troubleshooting"]
FOLDERS = [Path(str(package.__file__)).parent for package in (tap_gotowebinar, target_gotowebinar)]
ROWS = [line.strip("|").split(" | ") for line in PAGE.text.splitlines() if re.match(r"\| `", line)]
LISTED = [name for row in ROWS for name in names(row[0])]
MESSAGES = sorted(set().union(*(messages(folder) for folder in FOLDERS)))

INSIDE = {
    "... is not JSON",
    "Expected a ...",
}
"""What one part of the code tells another; it reaches nobody."""

SET_TOGETHER = {"status ......"}
"""Forms that hold other messages, each of which is listed by itself."""


def pattern(listed: str) -> str:
    return re.escape(listed).replace(re.escape(GAP), ".*")


@pytest.mark.parametrize("message", [text for text in MESSAGES if text not in INSIDE | SET_TOGETHER])
def test_a_message_is_found_on_the_page(message: str) -> None:
    assert [listed for listed in LISTED if re.search(pattern(listed), message)], "give it a row"


@pytest.mark.parametrize("listed", LISTED)
def test_a_message_on_the_page_is_one_of_the_code(listed: str) -> None:
    texts = [text for folder in FOLDERS for text in strings(folder)]
    parts = [part.strip() for part in listed.split(GAP)]
    assert all(any(part in text for text in texts) for part in parts)


def test_what_reaches_nobody_and_what_holds_others_is_still_there() -> None:
    assert set(MESSAGES) >= INSIDE


def test_every_message_has_a_remedy() -> None:
    assert [row[0] for row in ROWS if len(row) != 2 or len(row[1].strip()) < 10] == []
