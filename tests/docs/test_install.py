"""One page says where the package is installed from; every other page repeats its commands."""

import re

import pytest

from tests.docs.test_pages import ids
from tests.pages import DOCS, README, Page
from tests.sources import ROOT

INSTALL = DOCS["install"]
PAGES = [
    README,
    *DOCS.values(),
    *(Page(ROOT / name) for name in ("CONTRIBUTING.md", "benchmarks/README.md", "hub/README.md")),
]
OTHERS = r"meltano|meltanolabs-|--group|-r |apache-"
"""What else is installed: the programs of others, and groups of `pyproject.toml`."""


def commands(page: Page) -> list[str]:
    """Return what a page installs of this package."""
    found = re.findall(r"pipx? install (?:--(?:compile-bytecode|force|no-cache-dir) ?)*([^\n`]*)", page.text)
    return [what for what in found if what and not re.match(rf"['\"]?({OTHERS})", what)]


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_a_page_installs_the_package_as_the_page_on_installing_does(page: Page) -> None:
    assert set(commands(page)) <= set(commands(INSTALL))


def test_it_installs_from_what_the_reader_has() -> None:
    assert {"'.[sandbox]'", ".", "./tap_gotowebinar-*.whl"} <= set(commands(INSTALL))


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_no_page_has_an_address_that_does_not_exist(page: Page) -> None:
    assert not re.search(r"OWNER|github\.com/[\w-]+/tap-gotowebinar", page.text)
