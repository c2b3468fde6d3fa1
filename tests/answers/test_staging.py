"""The staging models are what the schemas say, and every model says what it is."""

import re

from ruamel.yaml import YAML

from tests.sources import ROOT
from transform.staging import FOLDER, files

MODELS = ROOT / "transform" / "models"


def test_the_staging_models_are_up_to_date_and_there_are_no_others() -> None:
    there = {path.relative_to(ROOT): path.read_text(encoding="utf-8") for path in (ROOT / FOLDER).iterdir()}
    wrong = [str(path) for path in there.keys() | files().keys() if there.get(path) != files().get(path)]
    assert wrong == [], "write them anew with: python -m transform.staging"


def test_only_the_webinars_can_be_stale() -> None:
    (source,) = YAML(typ="safe").load(MODELS / "staging" / "src_gotowebinar.yml")["sources"]
    assert [table["name"] for table in source["tables"] if "config" in table] == ["webinars"]


def test_the_package_needs_no_other() -> None:
    assert not list((ROOT / "transform").glob("packages.y*ml"))
    assert not list((ROOT / "transform").glob("dependencies.y*ml"))


def test_every_mart_and_each_of_its_columns_is_described() -> None:
    described = YAML(typ="safe").load(MODELS / "marts" / "gotowebinar.yml")["models"]
    assert {model["name"] for model in described} == {path.stem for path in (MODELS / "marts").glob("*.sql")}
    assert [model["name"] for model in described if not model["description"]] == []
    assert [column for model in described for column in model["columns"] if not column.get("description")] == []


def test_a_board_names_only_marts() -> None:
    for board in (ROOT / "transform" / "charts").glob("*.yml"):
        named = re.findall(r"ref\('(\w+)'\)", board.read_text(encoding="utf-8"))
        assert named
        assert {name for name in named if not (MODELS / "marts" / f"{name}.sql").is_file()} == set()
