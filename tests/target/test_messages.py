"""The input is Singer messages, or one clear line says that it is not, without data."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tap_gotowebinar.api.auth.authenticator import MISSING
from target_gotowebinar.input import InputError
from tests.target.registering import (
    ADA,
    GRACE,
    LineSource,
    TargetHarness,
    lines,
    record,
    schema,
    state,
)

FAKE = "people\n2026-01-01 | ERROR | \x1b[31mall is lost\u202e"
HEAD = lines([schema(), record(ADA), state(1)])
NOT_SINGER = "is no Singer message: a tap writes SCHEMA, RECORD and STATE messages"
BROKEN = [
    ("Ada Berg, ada.berg@example.com", "is not JSON"),
    ("[" * 100_000, "is not JSON"),
    *(
        (line, NOT_SINGER)
        for line in ('"ada@example.com"', "[1]", '{"level": "info"}', '{"type": "NEWS"}', '{"type": ["RECORD"]}')
    ),
    ('{"type": "RECORD", "record": {}}', "is a RECORD message whose 'stream' is missing or of the wrong type"),
    (
        '{"type": "RECORD", "stream": "people", "record": ["ada.berg@example.com"]}',
        "is a RECORD message whose 'record' is missing or of the wrong type",
    ),
    ('{"type": "STATE"}', "is a STATE message whose 'value' is missing or of the wrong type"),
    ('{"type": "SCHEMA", "stream": "x"}', "is a SCHEMA message whose 'schema' is missing or of the wrong type"),
    ('{"type": "SCHEMA", "stream": "x", "schema": {}}', "is a SCHEMA message of 'x' that declares no properties"),
    *(
        (
            json.dumps(schema(stream=name)),
            "is a SCHEMA message whose 'stream' is no name: empty, too long or not printable",
        )
        for name in ("", "x\ny", "\x1b[2J", "\ud800", "x" * 201)
    ),
    *(
        (
            json.dumps({**schema(stream="x"), "key_properties": keys}),
            "is a SCHEMA message of 'x' whose 'key_properties' are no list of names",
        )
        for keys in (7, "email", {"email": 1}, [["email"]], [None])
    ),
    (
        '{"type": "BATCH", "stream": "people", "encoding": {}, "manifest": []}',
        "is a BATCH message, which this target does not read: remove batch_config from the tap",
    ),
]


@pytest.mark.parametrize(("line", "fault"), BROKEN, ids=[fault[:40] + str(n) for n, (_, fault) in enumerate(BROKEN)])
def test_a_line_that_is_no_message_ends_the_run_after_what_came_before(
    shared: TargetHarness, line: str, fault: str
) -> None:
    before = len(shared.rows())
    with pytest.raises(InputError) as caught:
        shared.run_text(f"{HEAD}{line}\n{lines([record(GRACE), state(2)])}")
    assert str(caught.value) == f"line 4 of the input {fault}; nothing from there on was registered"
    assert [row["email"] for row in shared.rows()[before:]] == [ADA["email"]]


def test_an_input_that_breaks_off_passes_on_the_states_before_it_and_fails(
    harness: TargetHarness, tmp_path: Path
) -> None:
    whole = HEAD + lines([record(GRACE), state(2)])
    done = harness.run_command(whole[:-5], tmp_path)
    assert (done.exit_code, done.states) == (1, [1])
    assert done.error_lines == [
        (
            "line 5 of the input breaks off in the middle of a message: the tap has failed, see its log; "
            "nothing from there on was registered"
        )
    ]
    assert done.outcomes == ["registered", "registered"]
    assert "Traceback" not in done.stderr
    assert "@example" not in done.stderr


def test_a_file_that_cannot_be_read_ends_the_run(harness: TargetHarness) -> None:
    def broken() -> Iterator[str]:
        yield HEAD.splitlines(keepends=True)[0]
        raise OSError(5, "Input/output error")

    with pytest.raises(OSError, match="Input/output error"):
        harness.run_source(LineSource(broken()))


def test_the_input_may_be_empty_or_a_file(harness: TargetHarness, tmp_path: Path) -> None:
    assert harness.run_command("", tmp_path).exit_code == 0
    path = tmp_path / "input.jsonl"
    path.write_text(lines([schema(), record({**ADA, "firstName": "Ädä"})]), encoding="utf-8")
    assert harness.run_command("", tmp_path, "--input", str(path)).outcomes == ["registered"]
    assert harness.registered()[0]["firstName"] == "Ädä"


def test_odd_characters_arrive(harness: TargetHarness) -> None:
    done = harness.run(
        record({**ADA, "firstName": "Z\u0000oë 🐝", "city": "São\nPaulo"}), record({**GRACE, "city": "\ud800"})
    )
    assert done.outcomes == ["registered", "rejected"]
    assert harness.registered()[0]["firstName"] == "Z\u0000oë 🐝"


@pytest.mark.parametrize(
    ("messages", "line"),
    [
        ([record(ADA)], "line 4 of the input is a RECORD message of 'people', which no SCHEMA names"),
        (
            [{**schema(*ADA), "key_properties": ["id"]}, record(ADA)],
            "line 5 of the input is a RECORD message of 'people' that lacks a key property of its SCHEMA",
        ),
    ],
)
def test_what_the_sdk_finds_is_one_line(
    harness: TargetHarness, tmp_path: Path, messages: list[dict[str, object]], line: str
) -> None:
    before = [schema(stream="others"), record(GRACE, stream="others"), state(1)]
    done = harness.run_command(lines([*before, *messages]), tmp_path)
    assert (done.exit_code, done.states) == (1, [1])
    assert done.error_lines == [f"{line}; nothing from there on was registered"]
    assert [row["email"] for row in harness.registered()] == [GRACE["email"]]
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("expression", ["firstName.nonsense()", "nobody"])
def test_a_stream_map_that_fails_is_one_line_without_values(
    harness: TargetHarness, tmp_path: Path, expression: str
) -> None:
    maps = {"people": {"firstName": expression}}
    done = harness.run_command(HEAD, tmp_path, stream_maps=maps)
    assert done.exit_code == 1
    (line,) = done.error_lines
    assert line.startswith("stream_maps ")
    assert "Ada" not in done.stderr


def test_settings_come_from_the_environment_too(
    harness: TargetHarness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**harness.config(), "dry_run": True}.items():
        text = value if isinstance(value, str) else json.dumps(value)
        monkeypatch.setenv(f"TARGET_GOTOWEBINAR_{name.upper()}", text)
    done = harness.run_command(HEAD, tmp_path, "--config", "ENV", client_id="from a file", dry_run=False)
    assert done.outcomes == ["skipped"]


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        (
            {"client_id": ""},
            "client_id is empty: set it to the value shown at https://developer.logmeininc.com/clients",
        ),
        ({"webinar_key": "soon"}, "webinar_key is not a key: keys are whole numbers of up to 19 digits"),
        ({"organizer_key": "me"}, "organizer_key is not a key: keys are whole numbers of up to 19 digits"),
        ({"on_rejection": "cry"}, "on_rejection must be one of fail or continue: correct it"),
        ({"dry_run": "yes"}, "dry_run must be of type boolean: correct it"),
        ({"stream_maps": None}, "stream_maps is null: fill it or leave it out"),
        ({"refresh_token": "", "personal_access_token": ""}, MISSING),
    ],
)
def test_a_setting_that_cannot_work_is_one_line(
    harness: TargetHarness, tmp_path: Path, settings: dict[str, object], line: str
) -> None:
    done = harness.run_command(HEAD, tmp_path, **settings)
    assert (done.exit_code, done.error_lines, harness.posts()) == (1, [line], [])


@pytest.mark.parametrize("message", [schema(stream=FAKE), record(ADA, stream=FAKE)], ids=["SCHEMA", "RECORD"])
def test_no_name_of_a_stream_writes_lines_of_the_log(
    harness: TargetHarness, tmp_path: Path, message: dict[str, Any]
) -> None:
    done = harness.run_command(json.dumps(message) + "\n", tmp_path)
    assert done.exit_code == 1
    (line,) = done.error_lines
    assert f"is a {message['type']} message whose 'stream' is no name" in line
    assert not {"\x1b", "\u202e"} & set(done.stderr)
