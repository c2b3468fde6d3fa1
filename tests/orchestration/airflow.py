"""The Airflow of `make reach`, in an environment of its own; questions to it are programs that it runs."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tests.orchestration.site import Machine
from tests.runs import output_of
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
    output_of([AIRFLOW, "db", "migrate"], **_where(machine, settings))


def ask(program: str, machine: Machine, settings: Mapping[str, str]) -> Any:  # noqa: ANN401 - JSON
    """Run a program with Airflow's Python and return what it gave to `answer`, a function that takes JSON."""
    prelude = f"import json\ndef answer(value): print('\\n{MARK}' + json.dumps(value), flush=True)\n"
    printed = output_of([PYTHON, "-c", prelude + program], **_where(machine, settings))
    return json.loads(printed.rpartition(MARK)[2].splitlines()[0])


def _where(machine: Machine, settings: Mapping[str, str]) -> dict[str, Any]:
    return {"env": {**machine.variables, **settings}, "cwd": machine.home, "stdin": subprocess.DEVNULL}
