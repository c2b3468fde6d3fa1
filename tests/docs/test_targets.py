"""The page about targets names those that the script tries, and says which are right."""

from benchmarks.targets.__main__ import HEADER
from benchmarks.targets.target_list import TARGETS
from tap_gotowebinar.tap import TapGoToWebinar
from tests.pages import DOCS, names

PAGE = DOCS["targets"]
ROWS = PAGE.table("Target", "Version")


def test_the_table_has_a_row_for_each_target_that_the_script_tries() -> None:
    assert HEADER in PAGE.text
    assert [row[0] for row in ROWS] == [target.name for target in TARGETS]


def test_a_target_that_is_not_right_is_explained() -> None:
    prose = PAGE.text.partition("The others:")[2]
    wrong = {names(row[0])[0] for row in ROWS if row[-1] != "right"} - {
        names(row[0])[0] for row in ROWS if row[-1] == "right"
    }
    assert {name for name in wrong if f"`{name}`" not in prose} == set()


def test_a_target_that_replaces_is_called_wrong() -> None:
    assert [row for row in ROWS if "**replaces**" in row[4] and row[-1] != "**wrong**"] == []


def test_methods_of_replication_are_those_of_the_streams() -> None:
    streams = TapGoToWebinar(config={}, validate_config=False).streams.values()
    methods = {cells[0]: set(names(cells[1])) for cells in PAGE.table("Method", "Streams")}
    assert methods["`INCREMENTAL`"] == {stream.name for stream in streams if stream.replication_key}
