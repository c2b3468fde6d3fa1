"""`make demo KEEP=1`: keeps the database, the sandbox and the project until Ctrl-C."""
# ruff: noqa: T201 - the demo prints

import shlex
import shutil
import signal
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from demo.postgres import Postgres, server_package
from demo.project import Project
from gotowebinar_sandbox import Sandbox
from gotowebinar_sandbox.control.actions import URL_VARIABLE

ENV_FILE: Final = "demo.env"
# Of the variables of the project, those that do not change what else the reader does in the same shell.
# Not Meltano's log format: with the plain one, a failed run ends in a traceback of Meltano.
SHARED: Final = ("DBT_", "MELTANO_CLI_DISABLE", "NO_PROXY", "PATH", "TAP_", "TARGET_", "no_proxy")
WORDS: Final = """
Everything is still running. PostgreSQL:

  {psql}

GoToWebinar is at {url}. To change it and load again, in a second terminal:

  cd {folder} && set -a && . ./{env_file} && set +a
  gotowebinar-sandbox do register --count=3
  gotowebinar-sandbox do cancel
  meltano --environment=sandbox run tap-gotowebinar target-postgres

Press Ctrl-C here to stop and remove it all.
"""


def keep(project: Project, database: Postgres, sandbox: Sandbox, signals: Sequence[signal.Signals]) -> None:
    """Print how to use what the demo has started, and wait for a signal."""
    stop = threading.Event()
    for number in signals:
        signal.signal(number, lambda _number, _frame: stop.set())
    lines = assignments({**project.variables, URL_VARIABLE: sandbox.url})
    (project.folder / ENV_FILE).write_text("".join(lines), encoding="utf-8")
    print(WORDS.format(psql=psql(database), url=sandbox.url, folder=project.folder, env_file=ENV_FILE))
    stop.wait()


def assignments(variables: dict[str, str]) -> Iterator[str]:
    """Yield a line that a shell reads for each variable that tap, target and Meltano need."""
    for name, value in variables.items():
        if name.startswith(SHARED) or name == URL_VARIABLE:
            yield f"{name}={shlex.quote(value)}\n"


def psql(database: Postgres) -> str:
    """Return the command that opens the database, with the psql of this machine or that of the demo."""
    program: str | Path = shutil.which("psql") or server_package() / "pginstall" / "bin" / "psql"
    address = f"postgresql://{database.user}:{database.password}@{database.host}:{database.port}/{database.name}"
    return f"{shlex.quote(str(program))} {address}"
