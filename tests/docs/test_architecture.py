"""The picture and the list of rooms show the code as it is."""

import itertools
import re
import tomllib

import pytest

from tests.pages import DOCS
from tests.sources import ROOT, needs_sources

PAGE = DOCS["architecture"]
PACKAGE = ROOT / "tap_gotowebinar"

pytestmark = needs_sources


def test_every_folder_is_explained() -> None:
    folders = {path.name for path in PACKAGE.rglob("*") if (path / "__init__.py").exists()}
    assert {f"{folder}/" for folder in folders} | {"tap.py"} <= set(PAGE.quoted(r"\w+/|tap\.py"))


def test_every_file_that_is_named_exists() -> None:
    assert [name for name in PAGE.quoted(r"[\w/]+\.py") if not (PACKAGE / name).exists()] == []


def test_the_picture_shows_the_layers_that_are_checked() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    (picture,) = PAGE.of_language("mermaid")
    shown = re.findall(r"(\w+)\[(\w+)(?:\.py|/): ", picture.text)
    assert [name for _, name in shown] == [layer.removeprefix("tap_gotowebinar.") for layer in layers]
    arrows = re.findall(r"^  (\w+)(?:\[.*?\])? --> (\w+)", picture.text, re.MULTILINE)
    assert arrows == [(above, below) for (above, _), (below, _) in itertools.pairwise(shown)]


@pytest.mark.parametrize("row", PAGE.table("Change"), ids=lambda row: row[0])
def test_what_a_change_touches_exists(row: list[str]) -> None:
    named = re.findall(r"`([\w/]+(?:/|\.py))`", row[1])
    assert named
    assert [name for name in named if not (PACKAGE / name).exists() and not (ROOT / name).exists()] == []
