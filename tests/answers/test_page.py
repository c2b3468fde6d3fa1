"""The page as somebody sees it: in a real browser, with what it should say, and without what it must not."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

from demo.postgres import Postgres
from gotowebinar_sandbox import Sandbox
from tests.answers.building import Package
from tests.answers.conftest import RAW
from tests.answers.truth import Truth
from tests.login.test_chromium import BROWSER, DRIVER, SWITCHES

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(
        BROWSER is None or DRIVER is None, reason="no Chromium with its driver: apt install chromium chromium-driver"
    ),
]


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Chrome]:
    options = ChromeOptions()
    options.binary_location = BROWSER or ""
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    for switch in (*SWITCHES, f"--user-data-dir={tmp_path / 'profile'}", "--window-size=1320,1900"):
        options.add_argument(switch)
    driver = Chrome(options, Service(DRIVER))
    yield driver
    driver.quit()


def look(browser: Chrome, page: str, tmp_path: Path) -> str:
    """Open a page and return the texts on it, once nothing was logged and nothing was asked of anybody else."""
    path = tmp_path / "page.html"
    path.write_text(page, encoding="utf-8")
    logged(browser, "performance")  # what the first, empty page asked for
    browser.get(path.as_uri())
    texts = [element.text for element in browser.find_elements(By.CSS_SELECTOR, "svg text")]
    assert logged(browser, "browser") == []
    assert requests(browser) == {path.as_uri()}
    return "\n".join(texts)


def logged(browser: Chrome, kind: str) -> list[dict[str, str]]:
    """What a log has that was not taken from it before."""
    entries: list[dict[str, str]] = browser.execute("getLog", {"type": kind})["value"]
    return entries


def requests(browser: Chrome) -> set[str]:
    messages = [json.loads(entry["message"])["message"] for entry in logged(browser, "performance")]
    urls = [message.get("params", {}).get("request", {}).get("url", "data:") for message in messages]
    return {url for url in urls if not url.startswith("data:")}


def test_the_page_says_what_the_sandbox_knows_and_names_nobody(
    world: Sandbox, loaded: Postgres, package: Package, browser: Chrome, tmp_path: Path
) -> None:
    package.dbt("run", source=RAW)
    page = package.draw("webinars")
    texts = look(browser, page, tmp_path)
    assert [
        title for title in ("Are we on pace?", "How full is the room?", "How do they rate us?") if title not in texts
    ] == []

    truth = Truth()
    truth.look(world.control)
    held = [row for row in truth.figures().values() if row["state"] == "held" and row["attended"] is not None]
    funnel = [
        sum(row[name] for row in held) for name in ("registrants", "expected", "expected_attended", "stayed_to_the_end")
    ]
    assert [figure for figure in funnel if str(figure) not in texts.split("\n")] == []

    people = list(truth.people())
    assert [row["email"] for row in people if row["email"].lower() in page.lower()] == []
    assert [row["lastName"] for row in people if row["lastName"] in texts] == []
    assert loaded.query("select count(*) from marts.gotowebinar__people")[0][0] > 0


def test_the_page_about_people_names_them(world: Sandbox, package: Package, browser: Chrome, tmp_path: Path) -> None:
    package.dbt("run", source=RAW)
    texts = look(browser, package.draw("people"), tmp_path)
    truth = Truth()
    truth.look(world.control)
    most = max(came for _, came in truth.regulars().values())
    regulars = {email for email, (_, came) in truth.regulars().items() if came == most}
    names = {f"{row['firstName']} {row['lastName']}" for row in truth.people() if row["email"].lower() in regulars}
    assert any(name in texts for name in names)


def test_an_empty_account_gets_a_page_that_says_so(package: Package, browser: Chrome, tmp_path: Path) -> None:
    package.dbt("run", source="nothing_at_all")
    assert "No webinars so far." in look(browser, package.draw("webinars"), tmp_path)


def test_the_figures_can_be_had_as_text(package: Package) -> None:
    package.dbt("run", source=RAW)
    assert "Came" in package.draw("webinars", "text-data")
