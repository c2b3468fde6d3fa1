"""The README says what is true of the code: its tables are compared with it, its commands are run."""

from __future__ import annotations

import ast
import datetime as dt
import functools
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from ruamel.yaml import YAML

import tap_gotowebinar
import target_gotowebinar
from tap_gotowebinar.bookmarks import Bookmarks
from tap_gotowebinar.children import ChildStream
from tap_gotowebinar.client import GoToWebinarStream
from tap_gotowebinar.connection_settings import (
    CONNECTION_SETTINGS,
    DEFAULT_REQUESTS_PER_MINUTE,
)
from tap_gotowebinar.envelopes import MAX_PAGE_SIZE
from tap_gotowebinar.login.command import DEFAULT_REDIRECT_URI
from tap_gotowebinar.login.command import cli as login
from tap_gotowebinar.moments import Moment
from tap_gotowebinar.plan import DueRule
from tap_gotowebinar.sandbox import Options, Sandbox
from tap_gotowebinar.settings import DEFAULT_RECHECK_FACTOR, DEFAULT_SETTLE_DAYS, TAP_SETTINGS, problems
from tap_gotowebinar.tap import TapGoToWebinar
from tap_gotowebinar.token_endpoint import Credentials
from target_gotowebinar.results import Outcome
from target_gotowebinar.settings import TARGET_SETTINGS
from tests.runs import FAST, run_here
from tests.schema_files import STREAM_SCHEMAS as SCHEMAS
from tests.schema_files import TARGET_SCHEMAS
from tests.selection import selecting
from tests.sources import needs_sources
from tests.target import registering

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from singer_sdk import typing as th

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
REFERENCE = (ROOT / "tests" / "fixtures" / "connector-reference.md").read_text(encoding="utf-8")
TAP = TapGoToWebinar(config={}, validate_config=False)
STREAMS = {name: stream for name, stream in TAP.streams.items() if isinstance(stream, GoToWebinarStream)}
OWN_SETTINGS: list[th.Property[Any]] = [*CONNECTION_SETTINGS, *TAP_SETTINGS]

PROGRAMS = {
    "cp",
    "curl",
    "gotowebinar-sandbox",
    "make",
    "meltano",
    "pip",
    "tail",
    "tap-gotowebinar",
    "target-gotowebinar",
    "touch",
    "[",
}
"""Programs that commands in the README start with; those of the tap and the sandbox are run unless the README says why
not."""


class Block(NamedTuple):
    """A fenced block: its language, its text, and what the comment before it says about running it."""

    language: str
    text: str
    marker: str


def blocks() -> list[Block]:
    pattern = r"(?:^ *<!-- ((?:not )?run.*?) -->\n)?^( *)```(\w+)\n(.*?)^ *```$"
    found = re.finditer(pattern, README, re.MULTILINE | re.DOTALL)
    return [
        Block(match[3], re.sub(f"^{match[2]}", "", match[4], flags=re.MULTILINE), match[1] or "") for match in found
    ]


BLOCKS = blocks()
SHELL_BLOCKS = [block for block in BLOCKS if block.language == "sh"]
RUN_BLOCKS = [block for block in SHELL_BLOCKS if block.marker == "run"]
PROSE = re.sub(r"^ *```.*?^ *```$", "", README, flags=re.MULTILINE | re.DOTALL)
QUOTED = re.findall(r"`([^`\n]+)`", PROSE)
COMMANDS = [
    shlex.split(line)
    for text in [*(block.text for block in SHELL_BLOCKS), *(code for code in QUOTED if code.startswith("make "))]
    for line in text.replace("\\\n", "").splitlines()
]


def table(*header: str) -> list[list[str]]:
    """Return the cells of the table whose header starts with these cells."""
    lines = README.splitlines()
    wanted = "| " + " | ".join(header)
    start = next((number for number, line in enumerate(lines) if line.strip().startswith(wanted)), None)
    assert start is not None, f"no table in the README starts with {wanted}"
    rows = []
    for line in lines[start + 2 :]:
        if not line.strip().startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip().strip("|").split(" | ")])
    return rows


def names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def language(name: str) -> str:
    """Return the text of the one block in this language."""
    (block,) = [block for block in BLOCKS if block.language == name]
    return block.text


def figure(text: str) -> int:
    return int(text.replace(",", ""))


def section(title: str) -> str:
    parts = re.split(r"^## ", README, flags=re.MULTILINE)
    return next(part for part in parts if part.startswith(f"{title}\n"))


# Settings


def setting_rows() -> list[str]:
    """Return the rows of the settings tables."""
    return [setting_row(declared) for declared in (*OWN_SETTINGS, *TARGET_SETTINGS)]


def setting_row(declared: th.Property[Any]) -> str:
    schema = declared.to_dict()[declared.name]
    marks = " ".join(
        mark for mark, holds in (("R", not declared.optional), ("S", schema.get("secret", False))) if holds
    )
    default = schema.get("default", "")
    default = f"`{str(default).lower() if isinstance(default, bool) else default}`" if default != "" else ""
    cells = [f"`{declared.name}`", marks, default, schema["description"]]
    return "|" + "|".join(f" {cell} " if cell else " " for cell in cells) + "|"


@pytest.mark.parametrize("row", setting_rows())
def test_the_settings_table_says_what_the_code_declares(row: str) -> None:
    assert row in README.splitlines(), f"paste into the settings table:\n{row}"


@pytest.mark.parametrize(
    ("header", "settings"), [("Setting |", OWN_SETTINGS), ("Setting of the target", TARGET_SETTINGS)]
)
def test_a_settings_table_has_no_other_rows(header: str, settings: Sequence[th.Property[Any]]) -> None:
    assert [names(row[0])[0] for row in table(header)] == [declared.name for declared in settings]


def test_the_settings_that_the_target_shares_are_those_of_the_connection() -> None:
    shared = [declared.name for declared in CONNECTION_SETTINGS]
    assert names(section("Registering people").split("settings of the connection, ")[1])[:2] == [shared[0], shared[-1]]


def test_the_example_of_the_targets_configuration_is_valid() -> None:
    config = json.loads(next(block.text for block in BLOCKS if '"results_path"' in block.text))
    assert config.keys() - {"stream_maps"} <= {declared.name for declared in TARGET_SETTINGS}
    fields = TARGET_SCHEMAS["new_registrant"]["properties"].keys() | {"__filter__"}
    assert all(stream.keys() <= fields for stream in config["stream_maps"].values())


def test_the_outcomes_are_those_of_the_target() -> None:
    assert [names(row[0])[0] for row in table("Outcome")] == [outcome.value for outcome in Outcome]


def test_the_settings_of_the_sdk_are_listed() -> None:
    schema = json.loads(json.dumps(TapGoToWebinar.config_jsonschema))
    TapGoToWebinar.append_builtin_config(schema)
    own = {declared.name for declared in OWN_SETTINGS}
    (sentence,) = re.findall(r"^The SDK adds (.*?)\.$", README, re.MULTILINE | re.DOTALL)
    assert names(sentence) == [name for name in schema["properties"] if name not in own]


def test_variables_are_those_of_settings() -> None:
    known = {f"TAP_GOTOWEBINAR_{declared.name.upper()}" for declared in OWN_SETTINGS}
    assert set(re.findall(r"TAP_GOTOWEBINAR_\w+", README)) <= known


def test_the_configuration_file_is_valid() -> None:
    config = json.loads(next(block.text for block in BLOCKS if "client_id" in block.text and block.language == "json"))
    assert config.keys() <= {declared.name for declared in OWN_SETTINGS}
    assert list(problems(config)) == []


def test_the_lines_for_the_environment_file_are_settings_of_tap_and_target() -> None:
    plugins = YAML(typ="safe").load(ROOT / "meltano.yml")["plugins"]
    known = {
        f"{plugin['name']}_{setting['name']}".upper().replace("-", "_")
        for kind in ("extractors", "loaders")
        for plugin in plugins[kind]
        for setting in plugin["settings"]
    }
    assert {line.split("=")[0] for line in language("ini").splitlines()} <= known
    assert set(re.findall(r"TAP_GOTOWEBINAR_\w+", README)) <= known


def test_a_personal_access_token_is_used_when_both_are_set() -> None:
    assert "the personal access token is used" in README
    assert Credentials("a", "b", "c", "d").proof == "personal_access_token"


def test_the_redirect_uri_to_register_is_that_of_the_login() -> None:
    assert re.findall(r"http://localhost\S+(?=`)", README) == [DEFAULT_REDIRECT_URI]


def test_the_options_of_the_login_are_those_it_has() -> None:
    named = set(re.findall(r"`(--[\w-]+)", section("Your own account")))
    assert named <= {flag for option in login.params for flag in option.opts}


# Streams


def stream_cells(stream: GoToWebinarStream) -> list[str]:
    """Return the cells of a stream's row, but for the last one, which says what it costs."""
    keys = ", ".join(f"`{key}`" for key in stream.primary_keys or ())
    replication = f"`{stream.replication_method}`"
    if stream.replication_key:
        replication += f" on `{stream.replication_key}`"
    return [f"`{stream.name}`", f"`{stream.path}`", keys, replication]


@pytest.mark.parametrize("name", STREAMS)
def test_the_streams_table_says_what_the_classes_declare(name: str) -> None:
    expected = stream_cells(STREAMS[name])
    rows = {row[0]: row for row in table("Stream", "Endpoint")}
    assert rows.get(f"`{name}`", [])[:4] == expected, f"paste into the streams table:\n| {' | '.join(expected)} | ... |"


def test_every_class_has_a_schema_and_a_row() -> None:
    rows = [names(row[0])[0] for row in table("Stream", "Endpoint")]
    assert sorted(rows) == sorted(STREAMS) == sorted(SCHEMAS)


def test_fields_that_are_never_sent_are_named_with_the_place_of_their_value() -> None:
    silent = {
        f"{stream}.{field}": declared["description"]
        for stream, schema in SCHEMAS.items()
        for field, declared in schema["properties"].items()
        if "v2 does not send it" in declared["description"]
    }
    rows = {names(row[0])[0]: names(row[1])[0] for row in table("Field", "Where the value is")}
    assert rows.keys() == silent.keys()
    assert [field for field, place in rows.items() if place not in silent[field]] == []


def test_personal_fields_exist() -> None:
    for stream_cell, fields_cell in table("Stream", "Personal fields"):
        (stream,) = names(stream_cell)
        assert [name for name in names(fields_cell) if name not in SCHEMAS[stream]["properties"]] == [], stream


def test_every_field_with_a_person_in_it_is_named_as_personal() -> None:
    telling = re.compile(
        "email|firstName|lastName|userName|displayName|organizerName|joinUrl|phone|address", re.IGNORECASE
    )
    listed = {names(row[0])[0]: set(names(row[1])) for row in table("Stream", "Personal fields")}
    listed["registrant_details"] |= listed["registrants"]
    for stream, schema in SCHEMAS.items():
        personal = {name for name in schema["properties"] if telling.fullmatch(name.removeprefix("organizer") or name)}
        assert personal <= listed.get(stream, set()), stream


@pytest.mark.parametrize("code", sorted({code for code in QUOTED if re.fullmatch(r"[a-z]+(_[a-z]+)+", code)}))
def test_a_name_with_underscores_is_a_setting_or_a_stream(code: str) -> None:
    schema = json.loads(json.dumps(TapGoToWebinar.config_jsonschema))
    TapGoToWebinar.append_builtin_config(schema)
    singer = {"emit_activate_version_messages"}
    target = {declared.name for declared in TARGET_SETTINGS} | {outcome.value for outcome in Outcome}
    assert code in schema["properties"].keys() | SCHEMAS.keys() | singer | target


@pytest.mark.parametrize("code", sorted({code for code in QUOTED if re.fullmatch(r"[a-z]+[A-Z]\w*", code)}))
def test_a_name_in_camel_case_is_a_field(code: str) -> None:
    responses = TARGET_SCHEMAS["new_registrant"]["properties"]["responses"]["items"]
    schemas = [*SCHEMAS.values(), *TARGET_SCHEMAS.values(), responses]
    assert any(code in schema["properties"] for schema in schemas)


@pytest.mark.parametrize("code", sorted({code for code in QUOTED if re.fullmatch(r"[a-z_]+\.[a-zA-Z]+", code)}))
def test_a_name_with_a_dot_is_a_field_of_a_stream_or_a_file(code: str) -> None:
    stream, _, field = code.partition(".")
    files = {"config.json", "catalog.json", "state.json", "states.jsonl"}
    assert code in files or (ROOT / code).exists() or field in SCHEMAS[stream]["properties"]


# Calls


def ages_at_readings(days: int) -> list[int]:
    """Return how long a webinar has been quiet, in days, each time a daily run reads it again after it settled."""
    rule, end, read_at = DueRule(DEFAULT_RECHECK_FACTOR), dt.datetime(2020, 1, 1, tzinfo=dt.UTC), None
    ages = []
    for age in range(DEFAULT_SETTLE_DAYS, days + 1):
        moment = Moment(end + dt.timedelta(days=age), end, dt.timedelta(days=DEFAULT_SETTLE_DAYS))
        if rule.reason(moment, None, read_at):
            ages.append(age)
            read_at = moment.now.isoformat()
    return ages[1:]


def days_until_read_again(quiet_days: int) -> int:
    end = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    read_at = end + dt.timedelta(days=quiet_days)

    def is_due(days: int) -> bool:
        moment = Moment(read_at + dt.timedelta(days=days), end, dt.timedelta(days=DEFAULT_SETTLE_DAYS))
        return DueRule(DEFAULT_RECHECK_FACTOR).reason(moment, None, read_at.isoformat()) is not None

    return next(days for days in range(1, 10_000) if is_due(days))


@pytest.mark.parametrize("row", table("Quiet when it was read"))
def test_the_table_of_readings_follows_the_rule(row: list[str]) -> None:
    quiet, again = (figure(cell.removesuffix(" days")) for cell in row)
    assert again == days_until_read_again(quiet)


def readings_of_a_session(every: dt.timedelta) -> int:
    """Return how often a session is read until it is settled."""
    rule, end, settle = DueRule(DEFAULT_RECHECK_FACTOR), dt.datetime(2020, 1, 1, tzinfo=dt.UTC), DEFAULT_SETTLE_DAYS
    now, read_at, readings = end + every, None, 0
    while True:
        if rule.is_stale(now, end, read_at):
            readings, read_at = readings + 1, now.isoformat()
            if now - end >= dt.timedelta(days=settle):
                return readings
        now += every


@pytest.mark.parametrize(
    ("every", "said"),
    [
        (dt.timedelta(days=1), r"daily runs,\sa session is read (\d+) times"),
        (dt.timedelta(minutes=2), r"every two minutes, (\d+) times"),
    ],
)
def test_a_session_is_read_as_often_as_the_readme_tells(every: dt.timedelta, said: str) -> None:
    assert re.findall(said, README) == [str(readings_of_a_session(every))]


PEOPLE = ["organizers", "webinars", "webinar_details", "registrants", "registrant_details", "registrant_removals"]


def calls_of_a_run(*, webinars: int, due: int, details: int) -> int:
    """Return the calls of a run with the streams of webinars and registrants, as the README tells them."""
    return 1 + -(-webinars // MAX_PAGE_SIZE) + 2 * due + details


def duration(calls: int) -> str:
    minutes = (calls - DEFAULT_REQUESTS_PER_MINUTE) / DEFAULT_REQUESTS_PER_MINUTE
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"


@pytest.mark.parametrize("row", table("Webinars", "Years"))
def test_the_table_of_calls_follows_the_rule(row: list[str]) -> None:
    webinars, years, alive, registrants = (figure(cell) for cell in row[:4])
    first = calls_of_a_run(webinars=webinars, due=webinars, details=registrants)
    quiet = calls_of_a_run(webinars=webinars, due=alive, details=0)
    settled_a_day = (webinars - alive) / (years * 365 - DEFAULT_SETTLE_DAYS)
    again = round(settled_a_day * len(ages_at_readings(years * 365)))
    assert row[4:] == [f"{first:,}", duration(first), f"{quiet:,}", f"{again:,}"]


def api_calls(sandbox: Sandbox) -> int:
    return sum(not call["path"].startswith("/oauth") for call in sandbox.control.calls())


def test_a_run_costs_the_calls_the_readme_tells(make_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = make_sandbox(seed=7, webinars=12, registrants=3)
    settings = {**sandbox.settings, **FAST}
    registrants = len(sandbox.control.truth()["registrants"])
    state = run_here(settings, catalog=selecting(*PEOPLE)).states[-1]
    assert api_calls(sandbox) == calls_of_a_run(webinars=12, due=12, details=registrants)
    alive = sum("read_at" not in entry for entry in details_of(state).values())
    sandbox.control.reset_calls()
    run_here(settings, state=state, catalog=selecting(*PEOPLE))
    assert 0 < alive < 12
    assert api_calls(sandbox) == calls_of_a_run(webinars=12, due=alive, details=0)


def details_of(state: dict[str, Any]) -> dict[str, dict[str, Any]]:
    entries: dict[str, dict[str, Any]] = state["bookmarks"]["webinar_details"]["webinars"]
    return entries


def test_an_idle_run_emits_organizers_and_webinars_and_no_state(make_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = make_sandbox(seed=7, webinars=12, registrants=3)
    settings = {**sandbox.settings, **FAST}
    idle = run_here(settings, state=run_here(settings).states[-1])
    assert {record["stream"] for record in idle.of_type("RECORD")} == {"organizers", "webinars"}
    assert idle.states == []


def test_deselecting_the_details_saves_their_calls_and_a_stream_map_does_not(
    make_sandbox: Callable[..., Sandbox],
) -> None:
    sandbox = make_sandbox(seed=7, webinars=4, registrants=3)
    settings = {**sandbox.settings, **FAST}
    registrants = len(sandbox.control.truth()["registrants"])
    run_here({**settings, "stream_maps": {"registrant_details": "__NULL__"}}, catalog=selecting(*PEOPLE))
    assert api_calls(sandbox) == calls_of_a_run(webinars=4, due=4, details=registrants)
    sandbox.control.reset_calls()
    run_here(settings, catalog=selecting(*(name for name in PEOPLE if name != "registrant_details")))
    assert api_calls(sandbox) == calls_of_a_run(webinars=4, due=4, details=0)


# State


def test_the_example_of_a_state_is_one(make_sandbox: Callable[..., Sandbox]) -> None:
    state = json.loads(next(block.text for block in BLOCKS if "bookmarks" in block.text))
    children = [name for name, stream in STREAMS.items() if isinstance(stream, ChildStream)]
    assert Bookmarks(state, children).state() == state
    (entry,) = state["bookmarks"]["registrants"]["webinars"].values()
    sandbox = make_sandbox(seed=7, webinars=4, registrants=3)
    printed = run_here({**sandbox.settings, **FAST}).states[-1]["bookmarks"]["registrants"]
    settled = [other for other in printed["webinars"].values() if other.get("count")]
    assert entry.keys() in [other.keys() for other in settled]


@pytest.mark.parametrize("scope", ["stream", "webinar"])
def test_removing_an_entry_reads_it_again(make_sandbox: Callable[..., Sandbox], scope: str) -> None:
    sandbox = make_sandbox(seed=7, webinars=4, registrants=3)
    settings = {**sandbox.settings, **FAST}
    first = run_here(settings)
    state, key = first.states[-1], first.records("registrants")[0]["webinarKey"]
    if scope == "stream":
        del state["bookmarks"]["registrants"]
    else:
        del state["bookmarks"]["registrants"]["webinars"][key]
    wanted = [row for row in first.records("registrants") if scope == "stream" or row["webinarKey"] == key]
    again = run_here(settings, state=state)
    assert sorted(again.records("registrants"), key=str) == sorted(wanted, key=str)
    assert again.records("registrant_details") == []


# Personal data


def test_the_example_against_personal_data_does_what_it_says(sandbox: Sandbox) -> None:
    example = YAML(typ="safe").load(language("yaml"))
    assert example["select"][0] == "*.*"
    dropped = [pattern.removeprefix("!").split(".") for pattern in example["select"][1:]]
    assert [pair for pair in dropped if pair[1] not in SCHEMAS[pair[0]]["properties"]] == []
    without = {stream: [field for other, field in dropped if other == stream] for stream, _ in dropped}
    settings = {**sandbox.settings, **FAST}
    run = run_here({**settings, **example["config"]}, catalog=selecting(*STREAMS, without=without))
    for stream, fields in without.items():
        records = run.records(stream)
        assert records
        assert not {*fields, "lastName"} & set().union(*records)
        assert all(re.fullmatch(r"[0-9a-f]{64}", record["email"]) for record in records)


# Commands


def run_shell(script: str, folder: Path, sandbox: Sandbox, **variables: str) -> subprocess.CompletedProcess[str]:
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    settings = {f"TAP_GOTOWEBINAR_{name.upper()}": value for name, value in sandbox.settings.items()}
    return subprocess.run(
        ["/bin/sh", "-ec", script],
        cwd=folder,
        env={**os.environ, "PATH": programs, **settings, **variables},
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=100,
    )


@pytest.mark.parametrize("block", RUN_BLOCKS, ids=lambda block: block.text.split("\n")[0])
def test_a_command_works(block: Block, sandbox: Sandbox, tmp_path: Path) -> None:
    settings = {**sandbox.settings, **FAST}
    (tmp_path / "config.json").write_text(json.dumps(settings), encoding="utf-8")
    webinar = {"webinar_key": sandbox.control.add_webinar()}
    (tmp_path / "target.json").write_text(json.dumps({**settings, **webinar}), encoding="utf-8")
    messages = [registering.schema(), registering.record(registering.ADA), registering.state(1)]
    (tmp_path / "people.jsonl").write_text(registering.lines(messages), encoding="utf-8")
    done = run_shell(block.text, tmp_path, sandbox)
    assert done.returncode == 0, done.stderr
    for path in (tmp_path / name for name in ("messages.jsonl", "catalog.json", "states.jsonl") if name in block.text):
        assert path.stat().st_size > 0, path.name


def test_every_command_is_run_or_says_why_not() -> None:
    assert [block.text for block in SHELL_BLOCKS if not re.fullmatch(r"run|not run: .{10,}", block.marker)] == []
    assert len(RUN_BLOCKS) >= 3
    assert len(SHELL_BLOCKS) == README.count("```sh\n")


def test_every_command_starts_a_program_the_reader_has() -> None:
    assert {command[0] for command in COMMANDS} <= PROGRAMS


def test_every_make_target_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    wanted = {word for command in COMMANDS if command[0] == "make" for word in command[1:]}
    assert wanted >= {"demo", "test", "lint"}
    assert [target for target in sorted(wanted) if not re.search(rf"^{target}:", makefile, re.MULTILINE)] == []


def test_what_is_said_of_the_meltano_project_is_in_it() -> None:
    project = YAML(typ="safe").load(ROOT / "meltano.yml")
    plugins = {plugin["name"] for kind in ("extractors", "loaders") for plugin in project["plugins"][kind]}
    named = set(re.findall(r"\b(?:tap|target)-\w+", " ".join(" ".join(c) for c in COMMANDS if c[0] == "meltano")))
    environments = {environment["name"] for environment in project["environments"]}
    assert {name.partition("-to-")[0] for name in named} <= plugins
    assert set(re.findall(r"(\w+):tap-gotowebinar-to-", README)) == {project["default_environment"]}
    assert set(re.findall(r"--environment=(\w+)", README)) <= environments
    assert any(
        schedule["name"] in README and schedule["interval"] == "*/2 * * * *" for schedule in project["schedules"]
    )


def test_the_options_of_the_sandbox_exist() -> None:
    options = {f"--{name.replace('_', '-')}" for name in Options().plain()} | {"--host", "--port", "--help"}
    of_sandbox = section("Sandbox").replace("--config=ENV", "").replace("-login --check", "")
    assert set(re.findall(r"(?<![\w-])--[a-z-]+[a-z]", of_sandbox)) <= options


def test_the_excerpt_of_the_demo_adds_up_and_is_what_the_demo_prints() -> None:
    excerpt = language("text")
    rows = re.findall(r"^  (\w+) +\d+ +(\d+) +\d+ +\d+ +\d+ +[\d.]+$", excerpt, re.MULTILINE)
    assert [row[0] for row in rows] == [stream.name for stream in TAP.discover_streams()]
    assert f"the first took {sum(int(calls) for _, calls in rows)}." in excerpt
    (due,) = re.findall(r"listed, (\d+) due \(0 new", excerpt)
    # One more: the sessions are listed, too.
    assert f"It took {calls_of_a_run(webinars=6, due=int(due), details=8) + 1} API calls" in excerpt
    demo = strings(ROOT / "demo")
    for said in (
        "people in a table of leads are to be",
        "leads went to GoToWebinar",
        "The second run wrote exactly these",
        "PostgreSQL holds exactly what GoToWebinar has: ",
    ):
        assert said in excerpt
        assert any(said in text for text in demo)


# Messages


@functools.cache
def strings(folder: Path) -> frozenset[str]:
    """Return the texts in the code of the tap, without its sandbox; what is put into a text is left out."""
    found = set()
    for path in (path for path in folder.rglob("*.py") if "sandbox" not in path.parts):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return frozenset(found)


@pytest.mark.parametrize("message", [names(row[0])[0] for row in table("Message", "What to do")])
def test_a_message_of_the_troubleshooting_table_is_one_of_tap_or_target(message: str) -> None:
    folders = [Path(str(package.__file__)).parent for package in (tap_gotowebinar, target_gotowebinar)]
    assert any(message in text for folder in folders for text in strings(folder))


def test_every_setting_that_is_asked_for_by_a_refusal_is_explained() -> None:
    assert {"organizer_keys", "on_forbidden", "requests_per_minute"} <= set(
        names(" ".join(row[1] for row in table("Message", "What to do")))
    )


@pytest.mark.parametrize(
    ("config", "code"),
    [({}, 0), ({"refresh_token": "made-up"}, 1), ({"max_calls": 5}, 0), ({"organizer_keys": ["123"]}, 1)],
)
def test_the_exit_codes_are_what_the_table_says(sandbox: Sandbox, config: dict[str, Any], code: int) -> None:
    assert run_here({**sandbox.settings, **FAST, **config}).exit_code == code


def test_every_exit_code_has_a_row() -> None:
    assert [row[0] for row in table("Code", "Meaning")] == ["0", "1", "130", "143"]


# The rest


@needs_sources
@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#]+?)\)", README))))
def test_a_link_leads_somewhere(target: str) -> None:
    assert target.startswith("https://") or (ROOT / target).exists()


def test_every_action_trigger_object_and_limit_of_the_connector_has_a_row() -> None:
    rows = table("Connector", "Here")
    listed = {name for row in rows for name in re.split(r", ", row[0])}
    operations = set(re.findall(r"\*\*Operation Id:\*\* (\w+)", REFERENCE))
    objects = set(re.findall(r"^### (\w+)$", REFERENCE, re.MULTILINE))
    assert operations | objects <= listed
    limits = re.findall(r"^\| ([A-Z][\w ]+) \| (\d+) \| (\d+) seconds \|$", REFERENCE, re.MULTILINE)
    assert len(limits) == 2
    assert [row[0] for row in rows[-2:]] == [f"{name}: {calls} in {seconds} seconds" for name, calls, seconds in limits]


def test_the_dependencies_are_those_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = [*project["dependencies"], *project["optional-dependencies"]["sandbox"]]
    required = [re.split(r"[\[~>=<]", requirement)[0] for requirement in declared]
    assert [name for row in table("Package", "Why") for name in names(row[0])] == required


@pytest.mark.parametrize(
    "block", [block for block in BLOCKS if block.language in {"json", "yaml"}], ids=lambda b: b.language
)
def test_data_can_be_read(block: Block) -> None:
    assert (json.loads if block.language == "json" else YAML(typ="safe").load)(block.text)


def test_the_sections_come_in_the_order_in_which_a_stranger_needs_them() -> None:
    assert re.findall(r"^## (.+)$", README, re.MULTILINE) == [
        "Try it in two commands",
        "Your own account",
        "Streams",
        "Questions in SQL",
        "Settings",
        "How incremental works here",
        "What it costs in calls",
        "Exit codes and logs",
        "Plain Singer",
        "Registering people",
        "Personal data",
        "Troubleshooting",
        "If you come from the Microsoft connector",
        "Sandbox",
        "Dependencies",
        "Development",
        "License",
    ]
