"""What runs on GitHub: the commands everybody has, each job with no more rights and no more time than it needs."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.sources import ROOT

FOLDER = ROOT / ".github"
FILES = {path.stem: path for path in sorted((FOLDER / "workflows").glob("*.yml"))}
WORKFLOWS: dict[str, dict[str, Any]] = {name: YAML(typ="safe").load(path) for name, path in FILES.items()}
JOBS = [(workflow, name) for workflow, content in WORKFLOWS.items() for name in content["jobs"]]
STEPS = [step for workflow, name in JOBS for step in WORKFLOWS[workflow]["jobs"][name].get("steps", [])]
FORMS = sorted((FOLDER / "ISSUE_TEMPLATE").glob("[!c]*.yml"))
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

LONGEST_JOB = 40
"""Minutes."""

WRITES = {("release", "publish", "id-token")}
"""Every right to change something: the workflow, the job, and what it may write."""


def job(workflow: str, name: str) -> dict[str, Any]:
    content: dict[str, Any] = WORKFLOWS[workflow]["jobs"][name]
    return content


@pytest.mark.parametrize("name", FILES)
def test_a_workflow_as_a_whole_has_no_rights(name: str) -> None:
    assert WORKFLOWS[name]["permissions"] == {}


def test_a_job_may_read_and_only_the_publishing_one_may_write() -> None:
    rights = [(*place, right, level) for place in JOBS for right, level in job(*place)["permissions"].items()]
    assert {(workflow, name, right) for workflow, name, right, level in rights if level != "read"} == WRITES


@pytest.mark.parametrize("place", JOBS, ids="-".join)
def test_a_job_ends_in_time(place: tuple[str, str]) -> None:
    steps = job(*place)
    assert "uses" in steps or 0 < steps["timeout-minutes"] <= LONGEST_JOB


def test_every_action_is_pinned_to_a_commit_and_says_which_version_that_is() -> None:
    used = [line for path in FILES.values() for line in re.findall(r"uses: (.+)", path.read_text(encoding="utf-8"))]
    remote = [line for line in used if not line.startswith("./")]
    assert [line for line in remote if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)] == []
    assert len({line.partition("@")[0] for line in remote}) == len(set(remote))


def test_no_job_keeps_the_credentials_of_its_checkout() -> None:
    checkouts = [step for step in STEPS if step.get("uses", "").startswith("actions/checkout@")]
    assert len(checkouts) >= len(FILES)
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_a_later_run_of_a_workflow_takes_the_place_of_an_earlier_one_and_of_no_other() -> None:
    groups = [content["concurrency"]["group"] for content in WORKFLOWS.values()]
    assert [group.partition("-")[0] for group in groups] == list(WORKFLOWS)
    assert all(group.endswith("-${{ github.ref }}") for group in groups)


def test_every_command_is_one_of_the_makefile() -> None:
    commands = [step["run"] for step in STEPS if "run" in step]
    targets = [re.fullmatch(r'make ([a-z-]+)( TAG="\$GITHUB_REF_NAME")?', command) for command in commands]
    names = {target[1] if target else None for target in targets}
    assert names == {"audit", "demo", "dist", "lint", "tag", "test-all", "test-wheel"}
    assert [name for name in names if not re.search(rf"^{name}:", MAKEFILE, re.MULTILINE)] == []


def test_strangers_start_nothing_that_has_rights_or_secrets() -> None:
    events = {event for content in WORKFLOWS.values() for event in content["on"]}
    assert events == {"push", "pull_request", "schedule", "workflow_call"}
    assert [name for name, path in FILES.items() if "secrets." in path.read_text(encoding="utf-8")] == []


def test_the_wheel_is_tested_on_every_python_that_is_promised() -> None:
    promised = re.findall(r"Python :: (3\.\d+)", " ".join(PROJECT["classifiers"]))
    assert job("test", "wheel")["strategy"]["matrix"]["python"] == promised
    assert PROJECT["requires-python"] == f">={promised[0]}"


def test_what_is_published_is_what_was_tested() -> None:
    assert job("release", "publish")["needs"] == "test"
    assert "checkout" not in str(job("release", "publish"))
    artifacts = {step["with"]["name"] for step in STEPS if "artifact@" in step.get("uses", "")}
    assert artifacts == {"dist"}


def test_new_releases_of_what_we_use_wait_a_week() -> None:
    updates = YAML(typ="safe").load(FOLDER / "dependabot.yml")["updates"]
    assert {update["package-ecosystem"] for update in updates} == {"github-actions", "pip"}
    assert all(update["cooldown"]["default-days"] >= 7 for update in updates)
    pinned = ["", *(path.parent.relative_to(ROOT) for path in ROOT.glob("orchestration/*/requirements.txt"))]
    python = [update["directory"] for update in updates if update["package-ecosystem"] == "pip"]
    assert python == [f"/{folder}" for folder in pinned]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.stem)
def test_an_issue_form_asks_each_question_once(form: Path) -> None:
    content = YAML(typ="safe").load(form)
    assert {"name", "description", "body"} <= content.keys()
    questions = [field for field in content["body"] if field["type"] != "markdown"]
    assert len({field["id"] for field in questions}) == len(questions) > 0
    assert all(field["attributes"]["label"] for field in questions)


def test_links_of_the_issue_forms_lead_to_files() -> None:
    text = "".join(form.read_text(encoding="utf-8") for form in FORMS)
    assert [path for path in re.findall(r"\.\./blob/main/([^)]+)\)", text) if not (ROOT / path).exists()] == []
