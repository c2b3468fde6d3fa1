"""This repository as a Meltano project in a temporary folder, without `.env`; runs leave no files."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from demo import sample_leads
from demo.postgres import Postgres

REPOSITORY: Final = Path(__file__).parents[1]
PROGRAMS: Final = ("meltano", "tap-gotowebinar", "target-gotowebinar", "target-postgres", "dbt", "dct")
MARTS: Final = "transform"
LEFT_BY_DBT: Final = shutil.ignore_patterns("target", "logs", "dbt_packages", "__pycache__")
EXTRACTORS: Final = "plugins:\n  extractors:\n"
PLUGIN_SOURCE: Final = re.compile(r"^ +pip_url: .*\n", re.MULTILINE)
# Settings of the person at the keyboard, which must not decide where this project reads and writes.
FOREIGN_VARIABLES: Final = ("MELTANO_", "TAP_", "TARGET_", "DBT_", "DCT_", "GOTOWEBINAR_", "PG", "XDG_")
WITHOUT_PROXY: Final = {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
STOP_SECONDS: Final = 10


class MissingProgramError(RuntimeError):
    """A program of the project is not installed."""


class MeltanoError(RuntimeError):
    """A Meltano command failed; the message is its output."""


class Project:
    """A Meltano project with one source and one database."""

    def __init__(self, program: str, folder: Path, variables: Mapping[str, str]) -> None:
        """Run this Meltano in an existing folder with a meltano.yml in it."""
        self.program = program
        self.folder = folder
        self.variables = {
            name: value for name, value in os.environ.items() if not name.startswith(FOREIGN_VARIABLES)
        } | dict(variables)

    def meltano(self, *arguments: str, listen: Callable[[str], object] = lambda _line: None) -> str:
        """Run one Meltano command in the sandbox environment and return what it printed.

        Args:
            arguments: What follows `meltano --environment=sandbox`.
            listen: Is given each line as it is printed.

        Raises:
            MeltanoError: the exit code is not 0.
        """
        lines = []
        with subprocess.Popen(  # noqa: S603 - no shell; the arguments are those of tests and demo
            [self.program, "--environment=sandbox", *arguments],
            cwd=self.folder,
            env=self.variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,  # Ctrl-C is for us: we stop Meltano with its plugins, and wait for them
        ) as process:
            try:
                for line in process.stdout or ():
                    listen(line.rstrip())
                    lines.append(line)
            except BaseException:
                stop(process)
                raise
        output = "".join(lines)
        if process.returncode:
            raise MeltanoError(output)
        return output


@contextmanager
def temporary_project(settings: Mapping[str, Any], database: Postgres) -> Iterator[Project]:
    """Yield a project with this repository's meltano.yml and marts, deleted at the end of the `with` block.

    Its plugins are the programs installed beside this Python: the only changes to meltano.yml are that Meltano is not
    told where to install them from, and that there is a table of leads to read.

    Raises:
        MissingProgramError: one of the programs is not installed.
    """
    path = search_path()
    meltano, *_ = [found(program, path) for program in PROGRAMS]
    with tempfile.TemporaryDirectory(prefix="gotowebinar-") as name:
        folder = Path(name)
        declared = PLUGIN_SOURCE.sub("", (REPOSITORY / "meltano.yml").read_text(encoding="utf-8"))
        extractors = EXTRACTORS + sample_leads.plugin(folder, sys.executable, REPOSITORY)
        (folder / "meltano.yml").write_text(declared.replace(EXTRACTORS, extractors), encoding="utf-8")
        shutil.copytree(REPOSITORY / MARTS, folder / MARTS, ignore=LEFT_BY_DBT)
        variables = connection_variables(settings) | database_variables(database) | surroundings(path, name)
        yield Project(meltano, folder, variables)


def search_path() -> str:
    """Return the search path of programs: beside this Python, the environment of dbt, then PATH."""
    own = (Path(sys.executable).parent, Path(sys.prefix) / "answers" / "bin")
    return os.pathsep.join([*map(str, own), os.environ.get("PATH", os.defpath)])


def found(program: str, path: str) -> str:
    """Return the path of a program.

    Raises:
        MissingProgramError: it is not installed.
    """
    if (place := shutil.which(program, path=path)) is None:
        message = f"{program} is not installed. Run `make demo`, which installs it."
        raise MissingProgramError(message)
    return place


def connection_variables(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return the settings of tap and target as environment variables of Meltano."""
    return {
        f"{program}_GOTOWEBINAR_{name.upper()}": value if isinstance(value, str) else json.dumps(value)
        for program in ("TAP", "TARGET")
        for name, value in settings.items()
    }


def database_variables(database: Postgres) -> dict[str, str]:
    """Return the settings of the programs that use the database as environment variables of Meltano."""
    return {
        "TARGET_POSTGRES_HOST": database.host,
        "TARGET_POSTGRES_PORT": str(database.port),
        "TARGET_POSTGRES_USER": database.user,
        "TARGET_POSTGRES_PASSWORD": database.password,
        "TARGET_POSTGRES_DATABASE": database.name,
        "TAP_LEADS_DSN": database.dsn,
        "TARGET_GOTOWEBINAR_STREAM_MAPS": json.dumps(sample_leads.MAPS),
    }


def surroundings(path: str, folder: str) -> dict[str, str]:
    """Return variables that keep all files inside the folder and all calls on this machine."""
    return {
        "PATH": path,
        "HOME": folder,
        "TMPDIR": folder,
        **WITHOUT_PROXY,
        "MELTANO_CLI_DISABLE_VERSION_CHECK": "1",
        "MELTANO_CLI_LOG_FORMAT": "plain",
    }


def stop(process: subprocess.Popen[str]) -> None:
    """Terminate Meltano and its plugins, by force if necessary."""
    for request in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, request)
            process.wait(STOP_SECONDS)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue
