"""`sync` before and around the run it starts; a program that says what it was given stands in for Meltano."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.orchestration.site import ORCHESTRATION, SYNC

STAND_IN = """#!{python}
import json, os, sys
folder = os.environ["MELTANO_SYS_DIR_ROOT"]
os.makedirs(folder + "/run", exist_ok=True)
plugins = sorted(name for kind in ("extractors", "loaders") if os.path.isdir(f"{{folder}}/{{kind}}")
                 for name in os.listdir(f"{{folder}}/{{kind}}"))
with open(folder + "/run/tap.config.json", "w") as file:
    file.write("made-up-secret")
with open(folder + "/given.json", "w") as file:
    json.dump({{"arguments": sys.argv[1:], "cwd": os.getcwd(), "environ": dict(os.environ), "plugins": plugins}}, file)
print("begun", flush=True)
if "HOLD" in os.environ:
    sys.stdin.read()
sys.exit(int(os.environ.get("CODE", "0")))
"""
SECRET = "TAP_GOTOWEBINAR_CLIENT_SECRET=made-up-secret\n"

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="sync needs flock, which Linux has")


class Place:
    """Folders of a machine with two connections and the program that stands in for Meltano."""

    def __init__(self, folder: Path) -> None:
        self.secrets, self.folders, self.project = folder / "secrets", folder / "folders", folder / "project"
        for made in (self.secrets, self.project, folder / "bin"):
            made.mkdir()
        for name in ("academy", "sales"):
            self.env_file(name).touch(mode=0o600)
            self.env_file(name).write_text(SECRET, encoding="utf-8")
        meltano = folder / "bin" / "meltano"
        meltano.write_text(STAND_IN.format(python=sys.executable), encoding="utf-8")
        meltano.chmod(0o755)
        self.variables = {
            "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
            "MELTANO_PROJECT": str(self.project),
            "SYNC_SECRETS": str(self.secrets),
            "SYNC_FOLDERS": str(self.folders),
        }

    def env_file(self, name: str) -> Path:
        return self.secrets / f"{name}.env"

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [SYNC, *arguments],
            env=self.variables | variables,
            capture_output=True,
            check=False,
            encoding="utf-8",
            stdin=subprocess.DEVNULL,
            timeout=60,
        )

    def start(self, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        """Start a run that goes on until its input ends; return when it has begun."""
        process = subprocess.Popen(
            [SYNC, *arguments],
            env=self.variables | {"HOLD": "1"} | variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        return process

    def given(self, name: str) -> Mapping[str, object]:
        content: dict[str, object] = json.loads((self.folders / name / "given.json").read_text(encoding="utf-8"))
        return content


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_a_run_gets_its_secrets_its_state_its_folder_and_its_schema(place: Place) -> None:
    done = place.run("academy", "gotowebinar_academy")

    given = place.given("academy")
    assert (done.returncode, done.stderr) == (0, "")
    assert given["cwd"] == str(place.project)
    assert given["arguments"] == [
        *(f"--env-file={place.env_file('academy')}", "run", "--state-id-suffix=academy"),
        *("tap-gotowebinar", "target-postgres"),
    ]
    environ = given["environ"]
    assert isinstance(environ, dict)
    assert environ["MELTANO_SYS_DIR_ROOT"] == str(place.folders / "academy")
    assert environ["TARGET_POSTGRES_DEFAULT_TARGET_SCHEMA"] == "gotowebinar_academy"


def test_the_exit_code_is_that_of_meltano(place: Place) -> None:
    assert place.run("academy", "gotowebinar_academy", CODE="3").returncode == 3


@pytest.mark.parametrize(
    "arguments",
    [(), ("academy",), ("academy", "one", "two"), ("", "s"), ("../academy", "s"), ("-x", "s"), ("A b", "s")],
    ids=" ".join,
)
def test_wrong_arguments_are_refused(place: Place, arguments: tuple[str, ...]) -> None:
    done = place.run(*arguments)
    assert done.returncode == 64
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "variables", "said"),
    [("nobody", {}, "nobody.env cannot be read"), ("academy", {"MELTANO_PROJECT": ""}, "MELTANO_PROJECT is not set")],
)
def test_secrets_and_a_project_that_are_not_there_are_asked_for(
    place: Place, name: str, variables: dict[str, str], said: str
) -> None:
    done = place.run(name, f"gotowebinar_{name}", **variables)
    assert done.returncode == 78
    assert re.fullmatch(rf"sync: .*{said}.*\n", done.stderr)


def test_secrets_that_everybody_can_read_are_refused(place: Place) -> None:
    place.env_file("academy").chmod(0o644)
    done = place.run("academy", "gotowebinar_academy")
    assert done.returncode == 78
    assert "chmod 600" in done.stderr
    assert not place.folders.exists()


def test_a_second_run_of_a_connection_is_refused_while_the_first_goes_on(place: Place) -> None:
    with place.start("academy", "gotowebinar_academy") as first:
        second = place.run("academy", "gotowebinar_academy")
        assert second.returncode == 75
        assert "another run of academy is under way" in second.stderr
        first.communicate()
    assert first.returncode == 0
    assert place.run("academy", "gotowebinar_academy").returncode == 0


def test_another_connection_runs_at_the_same_time(place: Place) -> None:
    with place.start("academy", "gotowebinar_academy") as first:
        assert place.run("sales", "gotowebinar_sales").returncode == 0
        first.communicate()
    assert first.returncode == 0


def test_nobody_else_can_read_what_a_run_writes(place: Place) -> None:
    place.run("academy", "gotowebinar_academy")
    written = [place.folders / "academy", *(place.folders / "academy").rglob("*")]
    assert len(written) > 3
    assert [path for path in written if path.stat().st_mode & 0o077] == []


def test_what_a_killed_run_left_behind_is_removed_and_the_state_stays(place: Place) -> None:
    folder = place.folders / "academy"
    with place.start("academy", "gotowebinar_academy") as killed:
        (folder / "meltano.db").write_text("the state", encoding="utf-8")
        left = folder / "run" / "tap.uuid.config.json"
        left.write_text("made-up-secret", encoding="utf-8")
        killed.send_signal(signal.SIGKILL)

    assert place.run("academy", "gotowebinar_academy").returncode == 0
    assert not left.exists()
    assert (folder / "meltano.db").read_text(encoding="utf-8") == "the state"


def test_plugins_that_are_installed_in_the_project_are_used(place: Place) -> None:
    assert place.run("academy", "gotowebinar_academy").returncode == 0
    assert place.given("academy")["plugins"] == []

    (place.project / ".meltano/extractors/tap-gotowebinar").mkdir(parents=True)
    (place.project / ".meltano/loaders/target-postgres").mkdir(parents=True)
    for _ in range(2):
        assert place.run("academy", "gotowebinar_academy").returncode == 0
        assert place.given("academy")["plugins"] == ["tap-gotowebinar", "target-postgres"]
    assert (place.project / ".meltano/extractors/tap-gotowebinar").is_dir()


def test_all_connections_run_and_one_that_runs_already_is_no_failure(place: Place) -> None:
    connections = {name: {"schema": f"gotowebinar_{name}"} for name in ("academy", "sales")}
    shutil.copytree(ORCHESTRATION, place.project / "orchestration")
    YAML(typ="safe").dump({"connections": connections}, place.project / "orchestration" / "connections.yml")
    every = place.project / "orchestration" / "sync-all"
    variables = place.variables | {"PYTHON": sys.executable}
    with place.start("academy", "gotowebinar_academy") as first:
        done = subprocess.run([every], env=variables, capture_output=True, check=False, encoding="utf-8")
        first.communicate()

    assert (done.returncode, done.stdout) == (0, "begun\n")
    assert "another run of academy is under way" in done.stderr
    assert place.given("sales")["arguments"]
    failed = subprocess.run([every], env=variables | {"CODE": "1"}, capture_output=True, check=False)
    assert failed.returncode == 123


def test_a_shell_of_any_system_can_read_it() -> None:
    for script in ORCHESTRATION.glob("sync*"):
        assert script.read_text(encoding="utf-8").startswith("#!/bin/sh\n")
        subprocess.run(["/bin/sh", "-n", script], check=True)
