"""What orchestration/README.md shows can be read by what it is for, and names what there is."""

import re
from typing import Any

from ruamel.yaml import YAML

from tests.orchestration.site import ORCHESTRATION
from tests.pages import DOCS, names
from tests.pages import ORCHESTRATION as README

SYNC_SCRIPTS = "".join(path.read_text(encoding="utf-8") for path in ORCHESTRATION.glob("sync*"))


def test_the_table_names_every_file() -> None:
    named = {name for row in README.table("File", "What it is") for name in names(row[0])}
    there = {path.relative_to(ORCHESTRATION).as_posix() for path in ORCHESTRATION.rglob("*") if path.is_file()}
    assert named == {name for name in there if "__pycache__" not in name} - {"README.md", "airflow/requirements.in"}


def test_its_variables_exist() -> None:
    ours = set(re.findall(r"\b(?:SYNC_[A-Z]+|SLOTS)\b", README.text))
    assert ours == {name for name in ours if name in SYNC_SCRIPTS}


def test_the_cron_job_of_a_connection_never_runs_twice_and_only_its_user_reads_its_secrets() -> None:
    (block,) = README.of_language("yaml")
    job: dict[str, Any] = YAML(typ="safe").load(block.text)["spec"]
    pod = job["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert (job["concurrencyPolicy"], job["jobTemplate"]["spec"]["backoffLimit"]) == ("Forbid", 0)
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container["command"][0].endswith("/sync")
    assert len(container["command"]) == 3
    assert pod["volumes"][0]["secret"]["defaultMode"] in {0o400, 400}
    assert [item["path"] for item in pod["volumes"][0]["secret"]["items"]] == [f"{container['command'][1]}.env"]


def test_the_requirements_are_pinned_and_without_an_address() -> None:
    lines = (ORCHESTRATION / "airflow" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if not re.match(r"[\w.-]+==[\w.]+( ; .+)?$", line)] == []
    assert any(line.startswith("apache-airflow==3.") for line in lines)


def test_the_page_and_the_readme_point_to_each_other() -> None:
    assert "../orchestration/README.md" in DOCS["many-connections"].links
    assert "../docs/many-connections.md" in README.links
