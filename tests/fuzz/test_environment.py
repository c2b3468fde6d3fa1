"""Any environment: every setting of every program, proxies, certificates, `.env`: understood, or one line names it."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gotowebinar_sandbox import Sandbox
from tap_gotowebinar.login.settings import SCHEMA as LOGIN_SETTINGS
from tap_gotowebinar.settings.values import environment_prefix
from tap_gotowebinar.tap import TapGoToWebinar
from target_gotowebinar.target import TargetGoToWebinar
from tests.forkserver import Launcher
from tests.fuzz.complaints import PLANTED, complaints
from tests.fuzz.conftest import share
from tests.fuzz.strategies import VALUES
from tests.runs import FAST, Run
from tests.selection import selecting
from tests.target.registering import ADA, lines, record, schema

TEXTS: Final = [
    *("", " ", "\n", PLANTED, f"{PLANTED}\n2026-03-10 | x", f"\udcff{PLANTED}", f"\x1b[2J{PLANTED}", "\udc80"),
    *("0", "-1", "1", "17", "9" * 5000, "1e999", "nan", "-inf", "1_000", "\uff11\uff17", " 17 ", "0x11", "true", "NO"),
    *(f'"{PLANTED}"', f'["{PLANTED}"]', f'{{"webinars": "{PLANTED}"}}', f'{{"webinars": {{"x": "{PLANTED}("}}}}'),
    *("[" * 20_000, '{"a":' * 20_000, "[NaN]", "{}", "[]", "[[]]", '{"*": null}', '{"__else__": 7}', "null"),
    *("2026-13-45", "9999-12-31T23:59:59-14:00", "0001-01-01", PLANTED * 10_000, "%s%d{}", "$(id)", "[1e9999999999]"),
    *("http://[::1", f"https://{PLANTED}@example.com", "http://127.0.0.1:99999", "file:///etc", "://", "[::1", "*"),
    *("/dev/full/x", "~nobody-there/x", "~", ".", "x" * 300, "socks5://127.0.0.1:1", "http://127.0.0.1:1"),
    *(value for value in VALUES if isinstance(value, str) and value.isprintable() and not value.startswith("@@")),
]

texts = st.sampled_from(TEXTS) | st.sampled_from(TEXTS) | st.text(st.characters(exclude_characters="\0"))

NOT_OURS: Final = {"api_url", "auth_url"}
"""What a changed one leads to is not ours to fuzz."""

PROGRAMS: Final = {
    "tap": ("tap-gotowebinar", TapGoToWebinar.config_jsonschema),
    "target": ("target-gotowebinar", TargetGoToWebinar.config_jsonschema),
    "login": ("tap-gotowebinar", LOGIN_SETTINGS),
}


Start = Callable[..., Run]
"""Runs a program whose settings in the environment are all right, but for those that are given."""


@pytest.fixture(scope="module")
def start(sandbox: Sandbox, launcher: Launcher, tmp_path_factory: pytest.TempPathFactory) -> Start:
    catalog = tmp_path_factory.mktemp("catalog") / "catalog.json"
    catalog.write_text(json.dumps(selecting("webinars")), encoding="utf-8")
    arguments = {
        "tap": ["--config", "ENV", "--catalog", str(catalog)],
        "target": ["--config", "ENV"],
        "login": ["--check"],
    }
    given = lines([schema(), record(ADA, webinarKey=sandbox.control.add_webinar())]).encode()
    right: dict[str, Any] = {**sandbox.settings, **FAST, "request_timeout": 2}

    def started(program: str, environ: Mapping[str, str], dotenv: bytes = b"") -> Run:
        prefix = environment_prefix(PROGRAMS[program][0])
        known = {f"{prefix}{name.upper()}": str(value) for name, value in right.items()}
        return launcher.launch(
            {},
            *arguments[program],
            program=program,
            given=given if program == "target" else b"",
            environ={**known, **environ},
            hurries=True,
            dotenv=dotenv,
        ).finish()

    return started


@pytest.mark.parametrize("program", PROGRAMS)
def test_any_text_for_a_setting_is_understood_or_the_setting_is_named(start: Start, program: str) -> None:
    name, declared = PROGRAMS[program]
    names = sorted(declared["properties"].keys() - NOT_OURS)

    @share(5)
    @given(setting=st.sampled_from(names), text=texts)
    @example(setting="client_id", text="\udcff")
    @example(setting="client_id", text="x" * 100_000)
    @example(setting="token_path", text="x" * 300)
    def check(setting: str, text: str) -> None:
        done = start(program, {f"{environment_prefix(name)}{setting.upper()}": text})
        found = complaints(program, done, is_path=setting.endswith("_path"))
        assert not found or any(is_about(setting, line) for line in found), found

    check()


def is_about(setting: str, line: str) -> bool:
    """Whether a line names a setting; where GoTo does not know an organizer, it names that."""
    return setting in line or (setting.endswith(("_key", "_keys")) and line.startswith(("GoTo ", "rejected: ")))


PROXIES: Final = ("HTTP_PROXY", "ALL_PROXY", "http_proxy", "all_proxy")

NO_PROXIES: Final = [
    "",
    "http://[::1",
    "://",
    "\udcff",
    "http://x:y:z",
    "http://127.0.0.1:1",
    "127.0.0.1:99999",
    "\x1b",
]
"""No other text: it may be the address of somebody who answers."""

SURROUNDINGS: Final = (
    *("NO_PROXY", "no_proxy", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR", "NETRC"),
    *("XDG_STATE_HOME", "HOME", "TMPDIR", "COLUMNS", "LINES", "TERM", "NO_COLOR", "FORCE_COLOR", "LOGLEVEL"),
    *("TAP_GOTOWEBINAR_LOGLEVEL", "SINGER_SDK_LOG_CONFIG"),
)

variables = st.tuples(st.sampled_from(SURROUNDINGS), texts) | st.tuples(
    st.sampled_from(PROXIES), st.sampled_from(NO_PROXIES)
)

ADVICE: Final = ("proxy", "certificates", "logging cannot be set up", "no connection to")


@pytest.mark.parametrize("program", PROGRAMS)
def test_any_text_in_the_surroundings_is_harmless_or_advice_is_given(start: Start, program: str) -> None:
    @share(5)
    @given(environ=st.lists(variables, min_size=1, max_size=3).map(dict))
    @example(environ={"LOGLEVEL": PLANTED})
    @example(environ={"SINGER_SDK_LOG_CONFIG": "."})
    def check(environ: dict[str, str]) -> None:
        found = complaints(program, start(program, environ), is_path="SINGER_SDK_LOG_CONFIG" in environ)
        assert all(any(advice in line for advice in ADVICE) for line in found), found

    check()


def dotenvs() -> st.SearchStrategy[bytes]:
    """Return files of settings: lines right and wrong, and bytes."""
    names = [f"{prefix}_GOTOWEBINAR_{name}" for prefix in ("TAP", "TARGET") for name in ("MAX_CALLS", "STREAM_MAPS")]
    line = st.builds(
        lambda export, name, mark, text: f"{export}{name}={mark}{text}{mark}".encode(errors="surrogateescape"),
        st.sampled_from(["", "export ", " "]),
        st.sampled_from([*names, "X", "", "X Y", "\u00e9"]),
        st.sampled_from(["", "'", '"']),
        texts,
    )
    return st.lists(line | st.binary(max_size=20), max_size=4).map(b"\n".join) | st.binary(max_size=60)


@pytest.mark.parametrize("program", PROGRAMS)
def test_any_dotenv_is_read_or_one_line_says_why_not(start: Start, program: str) -> None:
    @share(5)
    @given(dotenv=dotenvs())
    @example(dotenv=b"\xff\xfe")
    @example(dotenv=b"X=a\x00b")
    def check(dotenv: bytes) -> None:
        complaints(program, start(program, {}, dotenv))

    check()
