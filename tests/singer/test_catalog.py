"""What a catalog may decide, and what it may not."""

from typing import Any

import pytest

from gotowebinar_sandbox import Sandbox
from tests.runs import Run, run_here
from tests.selection import selecting
from tests.singer.conftest import Command

BOTH = ("registrants", "registrant_details")


def entry(catalog: dict[str, Any], stream: str) -> dict[str, Any]:
    return next(entry for entry in catalog["streams"] if entry["tap_stream_id"] == stream)


def bare(*streams: str) -> dict[str, Any]:
    """A catalog that says nothing but which streams, and what they look like."""
    selected = [{"breadcrumb": [], "metadata": {"selected": True}}]
    catalog = selecting(*streams)
    return {
        "streams": [
            {"tap_stream_id": name, "stream": name, "schema": entry(catalog, name)["schema"], "metadata": selected}
            for name in streams
        ]
    }


def test_a_field_taken_out_of_the_schema_does_not_come_out(settings: dict[str, Any]) -> None:
    catalog = selecting("registrants", "webinars")
    del entry(catalog, "registrants")["schema"]["properties"]["email"]
    del entry(catalog, "webinars")["schema"]["properties"]["times"]["items"]["properties"]["endTime"]
    done = run_here(settings, catalog=catalog)
    assert done.exit_code == 0
    assert done.records("registrants")
    assert not [row for row in done.records("registrants") if "email" in row]
    occurrences = [time for row in done.records("webinars") for time in row["times"]]
    assert occurrences
    assert not [time for time in occurrences if "endTime" in time]


def test_a_map_for_a_stream_that_is_not_selected_has_no_effect(settings: dict[str, Any]) -> None:
    catalog = selecting("webinars")
    for field in entry(catalog, "registrants")["metadata"]:
        # Meltano deselects each field, too.
        field["metadata"]["selected"] = False
    maps = {"registrants": {"email": "md5(email)"}, "attendees": {"email": "md5(email)"}}
    mapped = run_here({**settings, "stream_maps": maps}, catalog=catalog)
    assert mapped.exit_code == 0
    assert mapped.records("webinars") == run_here(settings, catalog=catalog).records("webinars") != []


def test_a_catalog_without_keys_and_methods_changes_neither(command: Command) -> None:
    first = command(catalog=bare(*BOTH))
    again = command(catalog=bare(*BOTH), state=first.states[-1])
    (schema,) = [message for message in first.of_type("SCHEMA") if message["stream"] == "registrants"]
    assert schema["key_properties"] == ["webinarKey", "registrantKey"]
    assert len(first.records("registrant_details")) == 50
    assert again.of_type("RECORD") == []


def test_a_catalog_may_name_its_streams_in_one_way_only_and_a_missing_stream_is_not_read(
    command: Command, sandbox: Sandbox
) -> None:
    catalog = bare("registrants")
    for stream in catalog["streams"]:
        stream["stream"] = stream.pop("tap_stream_id")
    done = command(catalog=catalog)
    assert {message["stream"] for message in done.of_type("RECORD")} == {"registrants"}
    assert not [call for call in sandbox.control.calls() if "/registrants/" in call["path"]]


@pytest.mark.parametrize("method", ["LOG_BASED", "INCREMENTAL", "SOMETIMES"])
def test_no_method_but_full_table_can_be_asked_for(settings: dict[str, Any], method: str) -> None:
    catalog = selecting(*BOTH)
    for stream in BOTH:
        entry(catalog, stream)["replication_method"] = method
    first = run_here(settings, catalog=catalog)
    again = run_here(settings, catalog=catalog, state=first.states[-1])
    assert (len(first.records("registrants")), again.records("registrants")) == (50, [])


@pytest.mark.parametrize(
    "catalog",
    [
        {},
        {"streams": []},
        {"streams": "registrants"},
        {"streams": [{}]},
        {"streams": [{"tap_stream_id": "registrants"}]},
        {"streams": [{"tap_stream_id": "registrants", "schema": {}, "metadata": [{"breadcrumb": "x"}]}]},
    ],
)
def test_what_is_no_catalog_is_a_line_before_any_call(
    command: Command, sandbox: Sandbox, catalog: dict[str, Any]
) -> None:
    done = command(catalog=catalog)
    assert one_line(done) == (
        "the file of --catalog is not a catalog: make one with --discover, and select streams in it"
    )
    assert sandbox.control.calls() == []


@pytest.mark.parametrize("field", ["registrantKey", "registrationDate"])
def test_a_schema_without_what_the_stream_needs_is_a_line(command: Command, field: str) -> None:
    catalog = selecting("registrants")
    del entry(catalog, "registrants")["schema"]["properties"][field]
    assert one_line(command(catalog=catalog)) == (f"the catalog's schema of 'registrants' lacks {field}: put it back")


def one_line(done: Run) -> str:
    assert (done.exit_code, done.stdout) == (1, "")
    (line,) = done.errors
    return line
