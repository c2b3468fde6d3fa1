"""A Meltano project with many connections, each with a sandbox at its other end, and machines that run them."""

import shutil
import subprocess
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from ruamel.yaml import YAML

from demo.postgres import Postgres
from demo.project import PLUGIN_SOURCE, connection_variables, database_variables
from gotowebinar_sandbox import Options, Sandbox
from tests.doc_runner import surroundings
from tests.runs import FAST
from tests.sources import ROOT

ORCHESTRATION: Final = ROOT / "orchestration"
SYNC: Final = ORCHESTRATION / "sync"
FOREIGN: Final = ("TAP_", "SYNC_", "PYTEST_", "COV", "AIRFLOW", "PYTHONDONTWRITE")
"""What variables of the person at the keyboard begin with that must not decide anything here."""


@dataclass(frozen=True)
class Machine:
    """What one machine does not share with others: its home, and the folders of its connections."""

    home: Path
    variables: Mapping[str, str]

    @property
    def folders(self) -> Path:
        """Where `sync` keeps a folder for each connection."""
        return Path(self.variables["SYNC_FOLDERS"])

    def start(self, *arguments: str, program: Path | str = SYNC, **options: Any) -> subprocess.Popen[str]:  # noqa: ANN401 - those of Popen
        """Start a program, by default `sync`, in a session of its own."""
        return subprocess.Popen(
            [str(program), *arguments],
            env=dict(self.variables),
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
            **options,
        )

    def run(self, *arguments: str, program: Path | str = SYNC) -> tuple[int, str]:
        """Run a program to its end; return its exit code and what it printed."""
        process = self.start(*arguments, program=program)
        printed, _ = process.communicate()
        return process.returncode, printed


class Site:
    """A project, the secrets of its connections and their sandboxes, from entering the context to leaving it.

    Attributes:
        project: Folder of the Meltano project.
        secrets: Folder of the env files.
        sandboxes: The sandbox of each connection, by name.
    """

    def __init__(self, folder: Path, names: Iterable[str], database: Postgres, **options: Any) -> None:  # noqa: ANN401 - those of Options
        """Describe what is in an empty folder; `options` are those of each sandbox, beside its seed."""
        self.folder, self.database = folder, database
        self.project, self.secrets = folder / "project", folder / "secrets"
        self.sandboxes = {name: Sandbox(Options(**{"seed": seed, **options})) for seed, name in enumerate(names, 1)}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self.project.mkdir(parents=True)
        self.secrets.mkdir(mode=0o700)
        declared = PLUGIN_SOURCE.sub("", (ROOT / "meltano.yml").read_text(encoding="utf-8"))
        (self.project / "meltano.yml").write_text(declared, encoding="utf-8")
        for name, sandbox in self.sandboxes.items():
            self._stack.enter_context(sandbox)
            self.write_secrets(name)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @staticmethod
    def schema(name: str) -> str:
        return f"gotowebinar_{name}"

    def settings(self, name: str) -> dict[str, Any]:
        return {**self.sandboxes[name].settings, **FAST}

    def write_secrets(self, name: str, **more: object) -> Path:
        """Write the env file of a connection, readable by its owner alone; `more` are further settings of the tap."""
        variables = connection_variables({**self.settings(name), **more}) | database_variables(self.database)
        path = self.secrets / f"{name}.env"
        path.touch(mode=0o600)
        path.write_text("".join(f"{key}='{value}'\n" for key, value in variables.items()), encoding="utf-8")
        return path

    def copy_of_orchestration(self, **more: object) -> Path:
        """Return a copy of the folder `orchestration` whose connections.yml names those of this site."""
        folder = self.folder / "orchestration"
        shutil.copytree(ORCHESTRATION, folder)
        connections = {name: {"schema": self.schema(name), **more} for name in self.sandboxes}
        declared = {"connections": connections, "alert_to": ["data@example.com"]}
        YAML(typ="safe").dump(declared, folder / "connections.yml")
        return folder

    def machine(self, name: str, **variables: str) -> Machine:
        """Return a machine that shares nothing with the others but the project, the secrets and the databases."""
        home = self.folder / name
        (home / "tmp").mkdir(parents=True)
        ours = {
            "TMPDIR": str(home / "tmp"),
            "MELTANO_PROJECT": str(self.project),
            "SYNC_SECRETS": str(self.secrets),
            "SYNC_FOLDERS": str(home / "connections"),
        }
        inherited = {key: value for key, value in surroundings(home).items() if not key.startswith(FOREIGN)}
        return Machine(home, inherited | ours | variables)


def system_database(database: Postgres) -> str:
    """Return the URI under which Meltano keeps its states and locks in a database."""
    return f"postgresql+psycopg://{database.user}:{database.password}@{database.host}:{database.port}/{database.name}"
