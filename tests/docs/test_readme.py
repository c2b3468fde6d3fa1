"""The README says what is true of the code: its tables are compared with it, its commands are run."""

import datetime as dt
import json
import re
import shlex
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from singer_sdk import typing as th

from demo.project import connection_variables
from docs.data_dictionary import key_of, row_of, updated
from gotowebinar_sandbox import Options, Sandbox
from tap_gotowebinar.api.pagination import MAX_PAGE_SIZE
from tap_gotowebinar.login.command import DEFAULT_REDIRECT_URI
from tap_gotowebinar.settings.connection import (
    CONNECTION_SETTINGS,
    DEFAULT_REQUESTS_PER_MINUTE,
)
from tap_gotowebinar.settings.tap import DEFAULT_RECHECK_FACTOR, DEFAULT_SETTLE_DAYS, TAP_SETTINGS
from tap_gotowebinar.singer.signals import STOPPING
from tap_gotowebinar.streams.base import GoToWebinarStream
from tap_gotowebinar.sync.schedule import DueRule
from tap_gotowebinar.tap import TapGoToWebinar
from target_gotowebinar.settings import TARGET_SETTINGS
from tests.canned_server import api_calls
from tests.doc_runner import follow
from tests.docs.test_incremental import days_until_read_again
from tests.docs.test_pages import variables
from tests.messages_in_source import strings
from tests.pages import CONTRIBUTING, DOCS, Page, names
from tests.pages import README as PAGE
from tests.runs import FAST, run_here
from tests.schema_files import STREAM_SCHEMAS as SCHEMAS
from tests.selection import selecting
from tests.sources import ROOT

README = PAGE.text
EXCERPT = "excerpt of the demo"
REFERENCE = (ROOT / "tests" / "fixtures" / "connector-reference.md").read_text(encoding="utf-8")
TAP = TapGoToWebinar(config={}, validate_config=False)
STREAMS = {name: stream for name, stream in TAP.streams.items() if isinstance(stream, GoToWebinarStream)}
OWN_SETTINGS: list[th.Property[Any]] = [*CONNECTION_SETTINGS, *TAP_SETTINGS]

PROGRAMS = {"cd", "chmod", "cp", "gotowebinar-sandbox", "make", "meltano", "pipx", "tap-gotowebinar"}
"""Programs that commands in the README start with; those of the tap and the sandbox are run unless the README says why
not."""


COMMANDS = [
    shlex.split(line)
    for text in [*(block.text for block in PAGE.of_language("sh")), *PAGE.quoted("make .*")]
    for line in text.replace("\\\n", "").splitlines()
]


table = PAGE.table


def figure(text: str) -> int:
    return int(text.replace(",", ""))


def test_it_is_short() -> None:
    assert len(README.splitlines()) <= 250


# Settings


def setting_row(declared: th.Property[Any]) -> str:
    schema = declared.to_dict()[declared.name]
    marks = " ".join(
        mark for mark, holds in (("R", not declared.optional), ("S", schema.get("secret", False))) if holds
    )
    default = schema.get("default", "")
    default = f"`{str(default).lower() if isinstance(default, bool) else default}`" if default != "" else ""
    cells = [f"`{declared.name}`", marks, default, schema["description"]]
    return "|" + "|".join(f" {cell} " if cell else " " for cell in cells) + "|"


@pytest.mark.parametrize(
    ("page", "header", "settings"),
    [(PAGE, "Setting", OWN_SETTINGS), (DOCS["registering"], "Setting of the target", TARGET_SETTINGS)],
    ids=["tap", "target"],
)
def test_a_settings_table_says_what_the_code_declares(
    page: Page, header: str, settings: Sequence[th.Property[Any]]
) -> None:
    missing = [row for row in map(setting_row, settings) if row not in page.text.splitlines()]
    assert missing == [], "paste into the settings table:\n" + "\n".join(missing)
    assert [names(row[0])[0] for row in page.table(header)] == [declared.name for declared in settings]


def test_the_settings_of_the_sdk_are_listed() -> None:
    schema = json.loads(json.dumps(TapGoToWebinar.config_jsonschema))
    TapGoToWebinar.append_builtin_config(schema)
    own = {declared.name for declared in OWN_SETTINGS}
    (sentence,) = re.findall(r"^The SDK adds (.*?)\.$", README, re.MULTILINE | re.DOTALL)
    assert names(sentence) == [name for name in schema["properties"] if name not in own]


def test_the_lines_for_the_environment_file_are_settings_of_tap_and_target() -> None:
    assert {line.split("=")[0] for block in PAGE.of_language("ini") for line in block.text.splitlines()} <= variables()


def test_the_redirect_uri_to_register_is_that_of_the_login() -> None:
    assert re.findall(r"http://localhost\S+(?=`)", README) == [DEFAULT_REDIRECT_URI]


# Streams


def test_the_streams_table_says_what_the_classes_declare() -> None:
    rows = [row[:4] for row in table("Stream", "One row per")]
    declared = [[f"`{name}`", row_of(it), key_of(it), updated(it)] for name, it in STREAMS.items()]
    missing = [f"| {' | '.join(cells)} | ... |" for cells in declared if cells not in rows]
    assert missing == [], "paste into the streams table:\n" + "\n".join(missing)
    assert sorted(names(row[0])[0] for row in rows) == sorted(STREAMS) == sorted(SCHEMAS)


# Calls


def readings_when_settled(days: int) -> int:
    """Return how often daily runs read a webinar again, after it settled, until it has been quiet for so many days."""
    age, readings = DEFAULT_SETTLE_DAYS, 0
    while (age := age + days_until_read_again(age)) <= days:
        readings += 1
    return readings


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
        (dt.timedelta(days=1), r"a session is read (\d+) times\swith daily runs"),
        (dt.timedelta(minutes=2), r"(\d+) times with runs every two minutes"),
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
    again = round(settled_a_day * readings_when_settled(years * 365))
    assert row[4:] == [f"{first:,}", duration(first), f"{quiet:,}", f"{again:,}"]


def test_a_run_costs_the_calls_the_readme_tells(make_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = make_sandbox(seed=7, webinars=12, registrants=3)
    settings = {**sandbox.settings, **FAST}
    registrants = len(sandbox.control.expected_records()["registrants"])
    state = run_here(settings, catalog=selecting(*PEOPLE)).states[-1]
    assert len(api_calls(sandbox)) == calls_of_a_run(webinars=12, due=12, details=registrants)
    alive = sum("read_at" not in entry for entry in state["bookmarks"]["webinar_details"]["webinars"].values())
    sandbox.control.reset_calls()
    run_here(settings, state=state, catalog=selecting(*PEOPLE))
    assert 0 < alive < 12
    assert len(api_calls(sandbox)) == calls_of_a_run(webinars=12, due=alive, details=0)


def test_deselecting_the_details_saves_their_calls_and_a_stream_map_does_not(
    make_sandbox: Callable[..., Sandbox],
) -> None:
    sandbox = make_sandbox(seed=7, webinars=4, registrants=3)
    settings = {**sandbox.settings, **FAST}
    registrants = len(sandbox.control.expected_records()["registrants"])
    run_here({**settings, "stream_maps": {"registrant_details": "__NULL__"}}, catalog=selecting(*PEOPLE))
    assert len(api_calls(sandbox)) == calls_of_a_run(webinars=4, due=4, details=registrants)
    sandbox.control.reset_calls()
    run_here(settings, catalog=selecting(*(name for name in PEOPLE if name != "registrant_details")))
    assert len(api_calls(sandbox)) == calls_of_a_run(webinars=4, due=4, details=0)


# Commands


def test_its_commands_work(tmp_path: Path) -> None:
    assert follow(PAGE, tmp_path, connection_variables(FAST))
    assert (tmp_path / "messages.jsonl").stat().st_size > 0


def test_every_command_starts_a_program_the_reader_has() -> None:
    assert {command[0] for command in COMMANDS} <= PROGRAMS


def test_every_make_target_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    wanted = {command[1] for command in COMMANDS if command[0] == "make"}
    assert wanted == {"demo"}
    assert [target for target in sorted(wanted) if not re.search(rf"^{target}:", makefile, re.MULTILINE)] == []


def test_what_is_said_of_the_meltano_project_is_in_it() -> None:
    project = YAML(typ="safe").load(ROOT / "meltano.yml")
    plugins = {plugin["name"] for kind in ("extractors", "loaders") for plugin in project["plugins"][kind]}
    named = set(re.findall(r"\b(?:tap|target)-\w+", " ".join(" ".join(c) for c in COMMANDS if c[0] == "meltano")))
    environments = {environment["name"] for environment in project["environments"]}
    assert {name.partition("-to-")[0] for name in named} <= plugins
    states = re.findall(r"(\w+):tap-gotowebinar-to-", DOCS["incremental"].text)
    assert set(states) == {project["default_environment"]}
    assert set(re.findall(r"--environment=(\w+)", README)) <= environments
    assert any(
        schedule["name"] in README and schedule["interval"] == "*/2 * * * *" for schedule in project["schedules"]
    )


def test_the_options_of_the_sandbox_exist() -> None:
    of_commands = {"--host", "--port", "--help", "--env-file", "--count", "--subject"}
    options = {f"--{name.replace('_', '-')}" for name in Options().plain()} | of_commands
    of_sandbox = DOCS["sandbox"].text.replace("--config=ENV", "").replace("-login --check", "")
    assert set(re.findall(r"(?<![\w-])--[a-z-]+[a-z]", of_sandbox)) <= options


def test_the_excerpt_of_the_demo_adds_up_and_is_what_the_demo_prints() -> None:
    excerpt = next(block.text for block in DOCS["first-run"].blocks if block.marker == EXCERPT)
    rows = re.findall(r"^  (\w+) +\d+ +(\d+) +\d+ +\d+ +\d+ +[\d.]+$", excerpt, re.MULTILINE)
    (without,) = re.findall(r"nothing in: (.*; not selected: .*)", excerpt)
    # Of the streams that it names: whoever adds one need not run the demo again.
    named = [row[0] for row in rows] + re.findall(r"\w+_\w+", without)
    assert len(named) == len(set(named))
    assert set(named) <= set(STREAMS)
    assert f"the first took {sum(int(calls) for _, calls in rows)}." in excerpt
    (due,) = re.findall(r"listed, (\d+) due \(0 new", excerpt)
    # One more: the sessions are listed, too.
    assert f"It took {calls_of_a_run(webinars=14, due=int(due), details=8) + 1} API calls" in excerpt
    demo = strings(ROOT / "demo")
    for said in (
        "people in a table of leads are to be",
        "leads went to GoToWebinar",
        "The second run wrote exactly these",
        "PostgreSQL holds exactly what GoToWebinar had: ",
    ):
        assert said in excerpt
        assert any(said in text for text in demo)


# Messages


@pytest.mark.parametrize(
    ("config", "code"),
    [({}, 0), ({"refresh_token": "made-up"}, 1), ({"max_calls": 5}, 0), ({"organizer_keys": ["123"]}, 1)],
)
def test_the_exit_codes_are_what_the_table_says(sandbox: Sandbox, config: dict[str, Any], code: int) -> None:
    assert run_here({**sandbox.settings, **FAST, **config}).exit_code == code


def test_every_exit_code_has_a_row() -> None:
    assert [row[0] for row in table("Code", "Meaning")] == [
        str(code) for code in sorted((0, 1, *(128 + it for it in STOPPING)))
    ]


# The rest


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
    extras = project["optional-dependencies"]
    declared = [*project["dependencies"], *extras["sandbox"], *extras["shared"]]
    required = [re.split(r"[\[~>=<]", requirement)[0] for requirement in declared]
    assert [name for row in CONTRIBUTING.table("Package", "Why") for name in names(row[0])] == required


def test_the_sections_come_in_the_order_in_which_a_stranger_needs_them() -> None:
    assert re.findall(r"^## (.+)$", README, re.MULTILINE) == [
        "Install",
        "See it load a warehouse",
        "Connect your account",
        "Streams",
        "Settings",
        "What a run costs",
        "Exit codes and logs",
        "Pages",
        "If you come from the Microsoft connector",
        "License",
    ]
