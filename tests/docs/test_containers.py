"""The image of the page about containers: built where there is a builder, and its steps taken by nobody special."""

import json
import os
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from demo.postgres import Postgres
from demo.project import connection_variables, database_variables
from gotowebinar_sandbox import Options, Sandbox
from tests.doc_runner import surroundings
from tests.pages import DOCS
from tests.runs import FAST, output_of
from tests.sources import ROOT, needs_sources

pytestmark = needs_sources

NOBODY = 65534
AS_NOBODY = (
    *("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"),
    # Python may lie in root's home: it may be read, and nothing may be written that is not nobody's.
    *("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"),
)
BUILD = {"docker": ("build",), "buildah": ("bud", "--isolation=chroot")}
PROBE = {"docker": ("info",), "buildah": ("images",)}
PLUGINS = "tap-gotowebinar target-postgres"
IMAGE = "gotowebinar-under-test"


def instructions() -> list[tuple[str, str]]:
    """The instructions of the Dockerfile, each on one line."""
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", "").splitlines()
    found = [line.partition(" ") for line in lines if line and not line.startswith("#")]
    return [(name, rest.strip()) for name, _, rest in found]


def last(name: str) -> str:
    return [rest for instruction, rest in instructions() if instruction == name][-1]


def pipeline() -> str:
    return shlex.join([*json.loads(last("ENTRYPOINT")), *json.loads(last("CMD"))])


def test_the_image_runs_the_pipeline_of_this_repository() -> None:
    assert pipeline() == "meltano run tap-gotowebinar target-postgres"


def test_the_folder_belongs_to_the_user_who_runs_in_it() -> None:
    user = last("USER")
    assert user.isdigit()
    assert int(user) > 0
    assert f"--uid {user} meltano" in dict(instructions()[::-1])["RUN"]
    assert re.search(rf"--owner=meltano [^&]*{last('WORKDIR')}\b", dict(instructions()[::-1])["RUN"])
    assert last("COPY").startswith(f"--chown={user}:{user} ")


def test_secrets_stay_out_of_the_image() -> None:
    assert {".env", ".git", ".meltano"} <= set(ignored())


def test_the_cron_job_never_runs_twice_at_once_and_runs_as_the_user_of_the_image() -> None:
    spec: dict[str, Any] = YAML(typ="safe").load(DOCS["containers"].of_language("yaml")[0].text)["spec"]
    pod = spec["jobTemplate"]["spec"]["template"]["spec"]
    assert spec["concurrencyPolicy"] == "Forbid"
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert {pod["securityContext"][name] for name in ("runAsUser", "fsGroup")} == {int(last("USER"))}
    assert pod["containers"][0]["env"][0]["name"] == "MELTANO_STATE_BACKEND_URI"


def ignored() -> list[str]:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    return [line.removeprefix("**/") for line in lines if not line.startswith("#")]


@pytest.mark.slow
@pytest.mark.external
@pytest.mark.timeout(600)
@pytest.mark.skipif(os.geteuid() == 0 and not shutil.which("setpriv"), reason="only root is here")
def test_the_steps_make_a_project_that_an_unprivileged_user_can_run(
    home: Path, sandbox: Sandbox, database: Postgres
) -> None:
    project = home / "project"
    shutil.copytree(ROOT, project, ignore=shutil.ignore_patterns(*ignored(), "tests"))
    hand_over(home)
    own = dict(setting.split("=", 1) for setting in shlex.split(last("ENV"))) | {"PYTHONDONTWRITEBYTECODE": ""}
    variables = surroundings(home) | own | {"PLUGINS": PLUGINS} | settings_of(sandbox, database)
    unprivileged(last("RUN"), project, variables)
    assert uncompiled(project.glob("tap_gotowebinar")) == []
    assert uncompiled(project.glob(".meltano/**/site-packages/singer_sdk")) == []
    for _ in range(2):
        unprivileged(pipeline(), project, variables)
    assert database.query("select count(*) from gotowebinar.registrants") == [(people(sandbox),)]


@pytest.mark.slow
@pytest.mark.external
@pytest.mark.timeout(1200)
def test_the_image_is_built_and_runs(sandbox: Sandbox, new_database: Callable[[], Postgres], tmp_path: Path) -> None:
    builder, database = found_builder(), new_database()
    settings = "\n".join(f"ENV {name}={shlex.quote(value)}" for name, value in settings_of(sandbox, database).items())
    # Running it as one more step works with every builder.
    steps = f"FROM {IMAGE}\n{settings}\nRUN test $(id -u) = {last('USER')} && {pipeline()} && {pipeline()}\n"
    (tmp_path / "Dockerfile").write_text(steps, encoding="utf-8")
    try:
        build(builder, ROOT, f"--build-arg=PLUGINS={PLUGINS}", f"--tag={IMAGE}")
        build(builder, tmp_path, "--network=host", f"--tag={IMAGE}-run")
    finally:
        subprocess.run([builder, "rmi", "--force", f"{IMAGE}-run", IMAGE], capture_output=True, check=False)
    assert database.query("select count(*) from gotowebinar.registrants") == [(people(sandbox),)]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(Options(seed=7, webinars=3, registrants=5)) as running:
        yield running


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that anybody can get to; that of pytest is in one of root's."""
    with tempfile.TemporaryDirectory(prefix="gotowebinar-") as name:
        yield Path(name)


def people(sandbox: Sandbox) -> int:
    return len(sandbox.control.expected_records()["registrants"])


def settings_of(sandbox: Sandbox, database: Postgres) -> dict[str, str]:
    settings = {name: sandbox.settings[name] for name in ("client_id", "client_secret", "api_url", "auth_url")}
    token = {"personal_access_token": sandbox.credentials["personal_access_token"]}
    return connection_variables({**settings, **token, **FAST}) | database_variables(database)


def unprivileged(script: str, folder: Path, variables: Mapping[str, str]) -> None:
    become = AS_NOBODY if os.geteuid() == 0 else ()
    output_of([*become, "/bin/sh", "-ec", script], cwd=folder, env=variables)


def hand_over(folder: Path) -> None:
    if os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)


def uncompiled(packages: Iterable[Path]) -> list[Path]:
    files = [path for package in packages for path in package.rglob("*.py")]
    assert files
    return [path for path in files if not list((path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"))]


def found_builder() -> str:
    for name, probe in PROBE.items():
        if shutil.which(name) and subprocess.run([name, *probe], capture_output=True, check=False).returncode == 0:
            pull = subprocess.run([name, "pull", last("FROM")], capture_output=True, check=False)
            images = subprocess.run([name, "images"], capture_output=True, check=False, encoding="utf-8").stdout
            if pull.returncode == 0 or re.search(r"\bpython +3\.13-slim", images):
                return name
    pytest.skip("no builder is here, or it cannot get the base image")


def build(builder: str, folder: Path, *arguments: str) -> None:
    output_of([builder, *BUILD[builder], *arguments, str(folder)])
