"""What comes out of each stream, against what is read raw off the wire."""

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from gotowebinar_sandbox import Fault, Sandbox
from tap_gotowebinar.streams import STREAMS as STREAM_CLASSES
from tap_gotowebinar.tap import TapGoToWebinar
from tests.comparable_rows import without_nulls
from tests.runs import FAST, Run, run_here
from tests.sandbox.conftest import Caller
from tests.schema_files import FORMATS
from tests.selection import selecting

API = "/G2W/rest/v2"
PRIMARY_KEYS = {
    "organizers": ("organizerKey",),
    "webinars": ("webinarKey",),
    "webinar_details": ("webinarKey",),
    "registrants": ("webinarKey", "registrantKey"),
    "registrant_details": ("webinarKey", "registrantKey"),
}
STREAMS = list(PRIMARY_KEYS)
ALL_STREAMS = [stream_class.name for stream_class in STREAM_CLASSES]
REMOVALS = {"registrant_removals", "webinar_removals"}


def paths(sandbox: Sandbox) -> list[str]:
    return [call["path"] for call in sandbox.control.calls() if call["method"] == "GET"]


def by_key(records: Iterable[dict[str, Any]], *names: str) -> dict[tuple[str, ...], dict[str, Any]]:
    return {tuple(record[name] for name in names): without_nulls(record) for record in records}


def text_time(text: str) -> str:
    """The canonical form of a time as the wire writes it, written down a second way."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    return f"{whole}.{fraction:0<6}Z"


# Against the wire


def rows_on_the_wire(caller: Caller, stream: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of a stream as they are sent, with the keys of their webinars."""
    for webinar in caller.webinars():
        key = str(webinar["webinarKey"])
        parents = {"organizerKey": caller.organizer_key, "webinarKey": key}
        if stream == "webinars":
            yield webinar
        elif stream == "webinar_details":
            yield caller.get(caller.webinar(key)).json()
        else:
            for row in caller.registrants(key):
                yield {**(row if stream == "registrants" else caller.registrant(key, row["registrantKey"])), **parents}


def as_it_comes_out(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the wire with keys as text, times in one form, and one spelling of the webinar's ID."""
    changed: dict[str, Any] = {name: str(value) for name, value in row.items() if name.endswith("Key")}
    if "registrationDate" in row:
        changed["registrationDate"] = text_time(row["registrationDate"])
    if "times" in row:
        changed["times"] = [{name: text_time(text) for name, text in time.items()} for time in row["times"]]
    return {("webinarID" if name == "webinarId" else name): value for name, value in {**row, **changed}.items()}


@pytest.mark.parametrize(
    ("stream", "count"), [("webinars", 5), ("webinar_details", 5), ("registrants", 50), ("registrant_details", 50)]
)
def test_every_row_on_the_wire_comes_out(sandbox: Sandbox, settings: dict[str, Any], stream: str, count: int) -> None:
    rows = rows_on_the_wire(Caller(sandbox), stream)
    expected = by_key(map(as_it_comes_out, rows), *PRIMARY_KEYS[stream])
    assert by_key(run_here(settings).records(stream), *PRIMARY_KEYS[stream]) == expected
    assert len(expected) == count


# Messages


def test_primary_keys_tell_every_record_apart(make_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = make_sandbox(organizers=2, webinars=6)
    organizers = [row["organizerKey"] for row in sandbox.control.expected_records()["organizers"]]
    done = run_here({**sandbox.settings, **FAST, "organizer_keys": organizers})
    for stream, names in PRIMARY_KEYS.items():
        (schema,) = [message for message in done.of_type("SCHEMA") if message["stream"] == stream]
        assert tuple(schema["key_properties"]) == names
        keys = [tuple(record[name] for name in names) for record in done.records(stream)]
        assert keys
        assert len(set(keys)) == len(keys)
        assert all(re.fullmatch("[0-9]+", part) for key in keys for part in key)


def check_records(done: Run) -> None:
    """Check that every record fits its schema, and has all its fields in its order."""
    records = [message for message in done.of_type("RECORD") if message["record"]]
    schemas = {message["stream"]: message["schema"] for message in done.of_type("SCHEMA")}
    validators = {stream: Draft202012Validator(schema, format_checker=FORMATS) for stream, schema in schemas.items()}
    assert records
    for message in records:
        validators[message["stream"]].validate(message["record"])
        assert list(message["record"]) == list(schemas[message["stream"]]["properties"])


def test_every_record_fits_its_schema_and_has_all_its_fields(make_sandbox: Callable[..., Sandbox]) -> None:
    done = run_here({**make_sandbox(webinars=20, registrants=12).settings, **FAST}, catalog=selecting(*ALL_STREAMS))
    check_records(done)
    assert set(ALL_STREAMS) - REMOVALS == {message["stream"] for message in done.of_type("RECORD")}


def test_every_record_has_all_selected_fields(settings: dict[str, Any]) -> None:
    without = {"registrant_details": ["phone", "country", "lastName"], "webinars": ["times"]}
    done = run_here(settings, catalog=selecting("webinars", "registrant_details", without=without))
    check_records(done)
    assert "phone" not in done.records("registrant_details")[0]


def test_nested_fields_are_all_there_too(make_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = make_sandbox(webinars=20, registrants=12)
    done = run_here({**sandbox.settings, **FAST}, catalog=selecting("session_performance", "registration_fields"))
    for stream, name in (("session_performance", "sessionInfo"), ("registration_fields", "fields")):
        declared = done.schema(stream)["properties"][name]
        values = [row[name] for row in done.records(stream) if row[name]]
        found = [item for value in values for item in (value if isinstance(value, list) else [value])]
        assert found
        assert all(list(item) == list(declared.get("items", declared)["properties"]) for item in found)


def test_a_schema_comes_once_before_the_first_record_of_its_stream(settings: dict[str, Any]) -> None:
    done = run_here(settings)
    schemas = [message["stream"] for message in done.of_type("SCHEMA")]
    assert sorted(schemas) == sorted(set(schemas))
    assert {*STREAMS, "registrant_removals", "sessions", "attendees"} <= set(schemas)
    assert {message["type"] for message in done.messages} == {"SCHEMA", "RECORD", "STATE"}
    assert done.messages[-1]["type"] == "STATE"
    known = set()
    for message in done.messages:
        if message["type"] == "SCHEMA":
            known.add(message["stream"])
        elif message["type"] == "RECORD":
            assert message["stream"] in known


def test_the_tap_offers_neither_batch_nor_activate_version() -> None:
    assert {capability.value for capability in TapGoToWebinar.capabilities}.isdisjoint({"batch", "activate-version"})


# Which calls a selection costs


@pytest.mark.parametrize(
    ("streams", "calls"),
    [([], []), (["organizers"], ["/identity/v1/Users/me"]), (["webinars"], [f"{API}/organizers/KEY/webinars"])],
    ids=str,
)
def test_a_selection_brings_no_other_stream_and_costs_no_other_call(
    sandbox: Sandbox, settings: dict[str, Any], streams: list[str], calls: list[str]
) -> None:
    (owner,) = sandbox.control.expected_records()["organizers"]
    changes = {} if "organizers" in streams else {"organizer_keys": [owner["organizerKey"]]}
    done = run_here({**settings, **changes}, catalog=selecting(*streams))
    assert done.exit_code == 0
    assert [re.sub(r"[0-9]{5,}", "KEY", path) for path in paths(sandbox)] == calls
    for kind in ("RECORD", "SCHEMA"):
        assert {message["stream"] for message in done.of_type(kind)} == set(streams)


def test_deselected_fields_vanish_and_keys_stay(settings: dict[str, Any]) -> None:
    without = {
        "registrants": ["email", "joinUrl", "registrantKey", "registrationDate"],
        "webinars": ["times", "subject", "organizerKey"],
    }
    done = run_here(settings, catalog=selecting("webinars", "registrants", without=without))
    for stream, gone in (("registrants", {"email", "joinUrl"}), ("webinars", {"times", "subject"})):
        assert done.records(stream)
        for record in done.records(stream):
            assert not gone & record.keys()
            assert set(PRIMARY_KEYS[stream]) <= record.keys()
        assert not gone & done.schema(stream)["properties"].keys()
    assert "@" not in done.stdout


def test_deselecting_the_bookmark_field_loses_no_memory(sandbox: Sandbox, settings: dict[str, Any]) -> None:
    catalog = selecting("registrants", without={"registrants": ["registrationDate", "email"]})
    first = run_here(settings, catalog=catalog)
    sandbox.control.reset_calls()
    assert run_here(settings, catalog=catalog, state=first.states[-1]).records("registrants") == []


# Stream maps and flattening


def test_a_stream_map_filters_hashes_and_renames(settings: dict[str, Any]) -> None:
    maps = {
        "registrants": {
            "__alias__": "people",
            "__filter__": "status == 'APPROVED'",
            "email": "md5(email)",
            "joinUrl": None,
        },
        "registrant_details": None,
        "organizers": None,
    }
    done = run_here({**settings, "stream_maps": maps}, catalog=selecting(*STREAMS))
    plain = [row for row in run_here(settings).records("registrants") if row["status"] == "APPROVED"]
    mapped = done.records("people")
    assert len(mapped) == len(plain) > 0
    assert {message["stream"] for message in done.of_type("RECORD")} == {"webinars", "webinar_details", "people"}
    assert all(re.fullmatch("[0-9a-f]{32}", row["email"]) and "joinUrl" not in row for row in mapped)


def test_a_row_that_a_stream_map_filters_out_is_not_asked_for_again(sandbox: Sandbox, settings: dict[str, Any]) -> None:
    mapped = {**settings, "stream_maps": {"registrant_details": {"__filter__": "status == 'NONE'"}}}
    catalog = selecting("registrant_details")
    first = run_here(mapped, catalog=catalog)
    assert (first.exit_code, first.records("registrant_details")) == (0, [])
    sandbox.control.reset_calls()
    assert run_here(mapped, catalog=catalog, state=first.states[-1]).exit_code == 0
    assert not [path for path in paths(sandbox) if "/registrants/" in path]


def test_flattening_makes_columns_of_what_is_nested(settings: dict[str, Any]) -> None:
    done = run_here({**settings, "flattening_enabled": True, "flattening_max_depth": 2})
    check_records(done)
    for record in done.records("webinars"):
        assert not any(isinstance(value, dict) for value in record.values())


def test_flattening_makes_the_same_columns_of_an_object_that_is_not_sent(
    sandbox: Sandbox, settings: dict[str, Any]
) -> None:
    sent = [{}, {"sessionInfo": None, "attendance": {"registrantCount": 3}}, {"pollsAndSurveys": {}}]
    faults = [Fault(kind="json", path="/performance$", times=1, value=value) for value in sent]
    sandbox.control.configure(faults=faults)
    done = run_here(
        {**settings, "flattening_enabled": True, "flattening_max_depth": 1},
        catalog=selecting("sessions", "session_performance"),
    )
    check_records(done)
    assert {"sessionInfo__startTime", "attendance__registrantCount"} <= done.records("session_performance")[0].keys()


def test_a_filter_may_ask_for_a_field_that_goto_does_not_send(settings: dict[str, Any]) -> None:
    maps = {"webinars": {"__filter__": "numberOfRegistrants is None"}}
    done = run_here({**settings, "stream_maps": maps}, catalog=selecting("webinars", "registrants"))
    assert (done.exit_code, len(done.records("webinars"))) == (0, 5)
    assert done.records("registrants")


# Empty accounts, long lists, lists that move


def test_an_account_without_webinars_still_has_its_organizer(make_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = make_sandbox(webinars=0, registrants=0)
    done = run_here({**sandbox.settings, **FAST})
    assert done.exit_code == 0
    assert len(done.records("organizers")) == 1
    assert {message["stream"] for message in done.of_type("RECORD")} == {"organizers"}


def test_a_list_of_webinars_is_read_page_by_page(make_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = make_sandbox(webinars=450, registrants=0)
    done = run_here({**sandbox.settings, **FAST}, catalog=selecting("webinars"))
    pages = [call["query"] for call in sandbox.control.calls() if call["path"].endswith("/webinars")]
    assert [(query["page"], query["size"]) for query in pages] == [("0", "200"), ("1", "200"), ("2", "200")]
    assert {row["webinarKey"] for row in done.records("webinars")} == {
        row["webinarKey"] for row in sandbox.control.expected_records()["webinars"]
    }
    assert len(done.records("webinars")) == 450


def test_a_server_that_gives_smaller_pages_than_asked_for_loses_nothing(make_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = make_sandbox(webinars=45, registrants=0, hal_page_max=20)
    done = run_here({**sandbox.settings, **FAST}, catalog=selecting("webinars"))
    assert len({row["webinarKey"] for row in done.records("webinars")}) == 45


def test_the_window_reaches_a_day_beyond_the_start_date_and_ten_years_ahead(sandbox: Sandbox) -> None:
    run_here({**sandbox.settings, **FAST, "start_date": "2024-02-29T12:00:00+01:00"}, catalog=selecting("webinars"))
    query = sandbox.control.calls()[-1]["query"]
    assert query["fromTime"] == "2024-02-28T11:00:00Z"
    assert dt.datetime.fromisoformat(query["toTime"]).year == dt.datetime.now(dt.UTC).year + 10


def hal(keys: Iterable[int], *, number: int, pages: int, total: int) -> dict[str, Any]:
    counters = {"size": 2, "totalElements": total, "totalPages": pages, "number": number}
    return {"_embedded": {"webinars": [{"webinarKey": str(key)} for key in keys]}, "page": counters}


def webinars_from(make_sandbox: Callable[..., Sandbox], *bodies: object) -> tuple[Run, Sandbox]:
    faults = tuple(Fault(kind="json", path="/webinars$", value=body, times=1) for body in bodies)
    sandbox = make_sandbox(webinars=0, faults=faults)
    settings = {**sandbox.settings, **FAST, "organizer_keys": ["11"]}
    return run_here(settings, catalog=selecting("webinars")), sandbox


def test_a_list_that_grows_while_it_is_read_repeats_nothing_and_loses_nothing(
    make_sandbox: Callable[..., Sandbox],
) -> None:
    # Webinar 9 came in at the front after the first page had been read: 2 slid to the second page.
    grown = (
        hal((1, 2), number=0, pages=2, total=3),
        hal((2, 3), number=1, pages=2, total=4),
        hal((9, 1), number=0, pages=2, total=4),
        hal((2, 3), number=1, pages=2, total=4),
    )
    done, sandbox = webinars_from(make_sandbox, *grown)
    assert done.exit_code == 0
    assert sorted(row["webinarKey"] for row in done.records("webinars")) == ["1", "2", "3", "9"]
    assert len(paths(sandbox)) == 4


def test_a_list_that_shrinks_while_it_is_read_loses_nothing(make_sandbox: Callable[..., Sandbox]) -> None:
    # Webinar 1 was cancelled after the first page had been read: 3 slid to that page.
    beyond = {"page": {"size": 2, "totalElements": 2, "totalPages": 1, "number": 1}}
    again = hal((2, 3), number=0, pages=1, total=2)
    done, sandbox = webinars_from(make_sandbox, hal((1, 2), number=0, pages=2, total=3), beyond, again)
    assert (done.exit_code, [row["webinarKey"] for row in done.records("webinars")]) == (0, ["2", "3"])
    assert len(paths(sandbox)) == 3


def test_webinars_may_come_as_a_bare_array(make_sandbox: Callable[..., Sandbox]) -> None:
    done, _ = webinars_from(make_sandbox, [{"webinarKey": 1}, {"webinarKey": "1"}, {"webinarKey": 2}])
    assert [row["webinarKey"] for row in done.records("webinars")] == ["1", "2"]


@pytest.mark.usefixtures("few_tries")
@pytest.mark.parametrize(
    "broken",
    [
        {"page": {"size": 200, "totalElements": 3, "totalPages": 1, "number": 0}},
        {"_embedded": {"webinars": []}, "page": {"size": 200, "totalElements": 3, "totalPages": 1, "number": 0}},
        {"_embedded": {"webinars": {"webinarKey": "1"}}, "page": {"totalElements": 1}},
        {"_embedded": {"webinars": [{"webinarKey": "1"}]}},
        {"_embedded": {"webinars": [{"webinarKey": "1"}]}, "page": {}},
        {},
        None,
        "ada@example.com",
    ],
    ids=["lost", "emptied", "object", "no page", "no counters", "nothing", "null", "text"],
)
def test_a_broken_list_is_asked_for_again_and_then_ends_the_run(
    make_sandbox: Callable[..., Sandbox], caplog: pytest.LogCaptureFixture, broken: object
) -> None:
    done, sandbox = webinars_from(make_sandbox, broken)
    assert (done.exit_code, len(paths(sandbox))) == (1, 2)  # the second answer is the sandbox's own: 403
    caplog.clear()
    done, sandbox = webinars_from(make_sandbox, broken, broken)
    assert (done.exit_code, len(paths(sandbox)), done.records("webinars")) == (1, 2, [])
    (error,) = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert error.startswith(f"gave up on {API}/organizers/11/webinars ")
    assert "the answer should hold" in error
    assert "@" not in error


@pytest.mark.usefixtures("few_tries")
@pytest.mark.parametrize("path", ["/webinars$", "/webinars/[0-9]+$", "/registrants/[0-9]+$"])
def test_an_answer_without_its_content_is_never_taken_for_empty(
    make_sandbox: Callable[..., Sandbox], path: str
) -> None:
    hidden = Fault(kind="json", path=path, value={"page": {"totalElements": 2}, "total": 2})
    sandbox = make_sandbox(faults=(hidden,))
    assert run_here({**sandbox.settings, **FAST}).exit_code == 1
