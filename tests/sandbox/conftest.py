"""What the tests of the sandbox share: a running sandbox per module, and someone who calls it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from gotowebinar_sandbox import Control, Options, Sandbox
from gotowebinar_sandbox.options import SHAPING

NOW = "2026-03-10T12:00:00Z"
TABLE: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "fixtures" / "gotowebinar-endpoints.json").read_text(encoding="utf-8"),
)
PRODUCT = "/G2W/rest/v2"
EVER = {"fromTime": "2000-01-01T00:00:00Z", "toTime": "2040-01-01T00:00:00Z"}


class Caller:
    """A client with a good token."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.session = requests.Session()
        self.login()
        owner = sandbox.control.expected_records()["organizers"][0]
        self.organizer_key: str = owner["organizerKey"]
        self.account_key: str = owner["accountKey"]

    def login(self) -> str:
        """Get an access token, use it from now on, and return it."""
        pat = self.sandbox.credentials["personal_access_token"]
        token = str(self.token(grant_type="personal_access_token", pat=pat).json()["access_token"])
        self.session.headers["Authorization"] = f"Bearer {token}"
        return token

    def token(self, client: tuple[str, str] | None = None, **form: str) -> requests.Response:
        known = self.sandbox.credentials
        auth = client or (known["client_id"], known["client_secret"])
        return requests.post(f"{self.sandbox.url}/oauth/token", data=form, auth=auth, timeout=10)

    def refresh(self, refresh_token: str | None = None) -> requests.Response:
        token = refresh_token or self.sandbox.credentials["refresh_token"]
        return self.token(grant_type="refresh_token", refresh_token=token)

    def get(self, path: str, **query: str | int) -> requests.Response:
        return self.session.get(f"{self.sandbox.url}{path}", params=query, timeout=10)

    def organizer(self, path: str = "", organizer_key: str | None = None) -> str:
        return f"{PRODUCT}/organizers/{organizer_key or self.organizer_key}{path}"

    def webinar(self, webinar_key: str, path: str = "") -> str:
        return self.organizer(f"/webinars/{webinar_key}{path}")

    def webinars(self) -> list[dict[str, Any]]:
        page = self.get(self.organizer("/webinars"), size=200, **EVER).json()
        rows: list[dict[str, Any]] = page["_embedded"]["webinars"]
        return rows

    def registrants(self, webinar_key: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.get(self.webinar(webinar_key, "/registrants")).json()
        return rows

    def register(self, webinar_key: str, **fields: object) -> requests.Response:
        return self.post_registrant(webinar_key, json=fields)

    def post_registrant(self, webinar_key: str, **request: Any) -> requests.Response:  # noqa: ANN401 - those of requests
        url = f"{self.sandbox.url}{self.webinar(webinar_key, '/registrants')}"
        return self.session.post(url, timeout=10, **request)

    def registrant(self, webinar_key: str, registrant_key: object) -> dict[str, Any]:
        row: dict[str, Any] = self.get(self.webinar(webinar_key, f"/registrants/{registrant_key}")).json()
        return row


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(Options(seed=7, now=NOW, organizers=2, webinars=12, registrants=15)) as running:
        yield running


@pytest.fixture(scope="module")
def api(sandbox: Sandbox) -> Iterator[Caller]:
    caller = Caller(sandbox)
    with caller.session:
        yield caller


@pytest.fixture
def control(sandbox: Sandbox) -> Iterator[Control]:
    """The control of the module's sandbox; its options are put back afterwards."""
    sandbox.control.reset_calls()
    before = sandbox.control.options()
    yield sandbox.control
    sandbox.control.configure(**{name: value for name, value in before.items() if name not in SHAPING})


@pytest.fixture
def webinar(control: Control) -> Iterator[str]:
    """The key of an empty webinar next week; cancelled after the test."""
    key = control.add_webinar()
    yield key
    control.cancel_webinar(key)


@pytest.fixture
def busy(api: Caller) -> str:
    """The key of a webinar with registrants."""
    keys: list[str] = [row["webinarKey"] for row in api.webinars()]
    return max(keys, key=lambda key: len(api.registrants(key)))
