"""The data dictionary says what the schemas say, of every stream and every column."""

import re

import pytest

from docs.data_dictionary import MARK, NOTES, PAGE, STREAMS, generated, parents
from tests.pages import DOCS, names
from tests.schema_files import STREAM_SCHEMAS as SCHEMAS

DICTIONARY = DOCS["data-dictionary"]


def test_the_generated_part_is_up_to_date() -> None:
    _, _, below = PAGE.read_text(encoding="utf-8").partition(MARK)
    assert below == f"\n{generated()}", "write it anew with: python -m docs.data_dictionary"


def test_a_note_is_about_a_stream() -> None:
    assert NOTES.keys() <= SCHEMAS.keys()


@pytest.mark.parametrize("stream", SCHEMAS)
def test_a_stream_has_a_section_and_a_place_in_the_diagram(stream: str) -> None:
    (diagram,) = DICTIONARY.of_language("mermaid")
    assert stream in DICTIONARY.anchors
    assert re.search(rf"^  {stream} {{$", diagram.text, re.MULTILINE)
    assert stream == "organizers" or re.search(rf"--o[|{{] {stream} : ", diagram.text)


def test_streams_are_joined_to_the_nearest_ones() -> None:
    nearest = {stream.name: parents(stream) for stream in STREAMS}
    assert nearest["organizers"] == []
    assert nearest["registrants"] == ["webinars"]
    assert nearest["attendees"] == ["sessions", "registrants"]
    assert nearest["attendee_polls"] == ["attendees", "polls"]


def test_fields_that_are_never_sent_are_named_with_the_place_of_their_value() -> None:
    silent = {
        f"{stream}.{field}": declared["description"]
        for stream, schema in SCHEMAS.items()
        for field, declared in schema["properties"].items()
        if "v2 does not send it" in declared["description"]
    }
    rows = {names(row[0])[0]: names(row[1])[0] for row in DICTIONARY.table("Field", "Where the value is")}
    assert rows.keys() == silent.keys()
    assert [field for field, place in rows.items() if place not in silent[field]] == []
