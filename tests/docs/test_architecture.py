"""The picture and the list of rooms show the code as it is."""

import re

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


def test_the_picture_shows_modules_that_exist() -> None:
    (picture,) = PAGE.of_language("mermaid")
    shown = set(re.findall(r"\[([\w/]+(?:\.py|/))\]", picture.text))
    assert len(shown) >= 10
    assert [name for name in shown if not (PACKAGE / name).exists()] == []


def test_every_arrow_of_the_picture_ends_at_something_with_a_name() -> None:
    (picture,) = PAGE.of_language("mermaid")
    arrow = re.compile(r"^  (\w+)(?:[\[({]+[^\])}]+[\])}]+)? (?:-->|<-->|-- .+ -->) (\w+)(?:[\[({]+[^\])}]+[\])}]+)?$")
    lines = picture.text.splitlines()
    assert lines[0] == "flowchart LR"
    assert [line for line in lines[1:] if not arrow.match(line)] == []
    named = set(re.findall(r"(\w+)[\[(]+[^\])]+[\])]", picture.text))
    assert {end for line in lines[1:] if (found := arrow.match(line)) for end in found.groups()} == named
