"""The Airflow of `make reach`, in an environment of its own; questions to it are programs that it runs."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tests.orchestration.site import Machine
from tests.sources import ROOT

ENVIRONMENT: Final = ROOT / ".venv-airflow"
PYTHON: Final = ENVIRONMENT / "bin" / "python"
AIRFLOW: Final = ENVIRONMENT / "bin" / "airflow"
MARK: Final = "answer: "


def variables(home: Path, orchestration: Path, database: str) -> dict[str, str]:
    """Return the variables of an Airflow that knows our DAGs only; `database` is the SQLAlchemy URI of its own."""
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(orchestration / "airflow" / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database,
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "ORCHESTRATION": str(orchestration),
    }


def migrate(machine: Machine, settings: Mapping[str, str]) -> None:
    _run([str(AIRFLOW), "db", "migrate"], machine, settings)


def ask(program: str, machine: Machine, settings: Mapping[str, str]) -> Any:  # noqa: ANN401 - JSON
    """Run a program with Airflow's Python and return what it gave to `answer`, a function that takes JSON."""
    prelude = f"import json\ndef answer(value): print('\\n{MARK}' + json.dumps(value), flush=True)\n"
    printed = _run([str(PYTHON), "-c", prelude + program], machine, settings)
    return json.loads(printed.rpartition(MARK)[2].splitlines()[0])


def _run(command: list[str], machine: Machine, settings: Mapping[str, str]) -> str:
    done = subprocess.run(
        command,
        env={**machine.variables, **settings},
        cwd=machine.home,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout[-5000:]
    return done.stdout
