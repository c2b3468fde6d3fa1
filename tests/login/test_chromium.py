"""Logging in with a real browser, from the page of the sandbox to the last page of the login."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from gotowebinar_sandbox import Sandbox
from tests.login.people import environment, logging_in, redirect_uri

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DRIVER = shutil.which("chromedriver")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.external,
    pytest.mark.skipif(
        BROWSER is None or DRIVER is None, reason="no Chromium with its driver: apt install chromium chromium-driver"
    ),
]

SWITCHES = (
    "--headless",
    "--no-sandbox",  # Chromium has none for root, which tests in containers are.
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--no-first-run",
    "--no-proxy-server",
    # It would call home.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
TIMEOUT = 20


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Chrome]:
    options = ChromeOptions()
    options.binary_location = BROWSER or ""
    for switch in (*SWITCHES, f"--user-data-dir={tmp_path / 'profile'}"):
        options.add_argument(switch)
    driver = Chrome(options, Service(DRIVER))
    yield driver
    driver.quit()


def arrive(browser: Chrome, title: str) -> None:
    """Wait for a page with this title, which is its heading, too."""
    WebDriverWait(browser, TIMEOUT).until(lambda page: page.title == title)


def click(browser: Chrome, label: str) -> None:
    browser.find_element(By.XPATH, f"//button[.='{label}']").click()


def test_a_person_logs_in(sandbox: Sandbox, browser: Chrome) -> None:
    organizer = sandbox.control.expected_records()["organizers"][0]
    with logging_in(environment(sandbox), "--redirect-uri", redirect_uri(sandbox)) as run:
        browser.get(run.address())
        arrive(browser, "Allow access?")
        assert organizer["email"] in browser.find_element(By.TAG_NAME, "main").text
        click(browser, "Allow")
        arrive(browser, "You are logged in")
        done = run.ended()

    assert (done.exit_code, done.stderr) == (0, "")
    assert organizer["organizerKey"] in done.stdout


def test_a_person_denies(sandbox: Sandbox, browser: Chrome) -> None:
    with logging_in(environment(sandbox), "--redirect-uri", redirect_uri(sandbox)) as run:
        browser.get(run.address())
        click(browser, "Deny")
        arrive(browser, "Not logged in")
        done = run.ended()

    assert done.exit_code == 1
    assert "access_denied" in done.stderr


def test_the_address_that_nothing_listens_on_can_be_copied(sandbox: Sandbox, browser: Chrome) -> None:
    uri = redirect_uri(sandbox)
    with logging_in(environment(sandbox), "--redirect-uri", uri, "--no-browser") as run:
        browser.get(run.address())
        click(browser, "Allow")
        WebDriverWait(browser, TIMEOUT).until(lambda page: page.current_url.startswith(uri))
        done = run.ended(f"{browser.current_url}\n")

    assert done.exit_code == 0


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_each_name_of_this_machine_can_be_registered(host: str, sandbox: Sandbox, browser: Chrome) -> None:
    uri = redirect_uri(sandbox).replace("127.0.0.1", host)
    sandbox.control.configure(redirect_uris=[uri])
    with logging_in(environment(sandbox), "--redirect-uri", uri) as run:
        browser.get(run.address())
        click(browser, "Allow")
        arrive(browser, "You are logged in")
        assert run.ended().exit_code == 0
