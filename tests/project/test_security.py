"""What a security reviewer asks: who is trusted, who gets the token, who else learns of secrets and people."""

import contextlib
import json
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import trustme

from gotowebinar_sandbox import Fault, Options, Sandbox
from gotowebinar_sandbox.server.fault_injection import EMBEDDED_EMAIL, EMBEDDED_LINK
from tap_gotowebinar.api.errors import ConnectError, GoToWebinarError
from tap_gotowebinar.api.transport import Transport
from tap_gotowebinar.tap import TapGoToWebinar
from tests.canned_server import Canned, raw
from tests.forkserver import run_command
from tests.runs import EXECUTABLE, FAST
from tests.tiers import slow

TOKEN = "access-0123456789abcdef"


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("https_proxy", "all_proxy", "http_proxy", "requests_ca_bundle", "curl_ca_bundle"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def secured(certificate: trustme.LeafCert) -> Canned:
    """A server that speaks TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return Canned(raw(), tls=context)


def ask(host: str) -> int:
    with contextlib.closing(Transport(request_timeout=5, user_agent="tests")) as transport:
        return transport.send("GET", f"https://{host}/path", token=TOKEN).status


# Who is trusted ------------------------------------------------------------------------------------------------------


def test_a_certificate_that_nobody_vouches_for_is_refused_before_the_token_is_sent(authority: trustme.CA) -> None:
    with secured(authority.issue_cert("127.0.0.1")) as server, pytest.raises(ConnectError) as caught:
        ask(server.host)
    assert server.requests == []
    assert str(caught.value) == (
        f"the certificate of {server.host} is not to be trusted; "
        "if your network inspects TLS, name its certificates in REQUESTS_CA_BUNDLE"
    )


def test_an_authority_that_the_environment_names_is_trusted_in_what_it_says_of_a_host(
    authority: trustme.CA, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "authority.pem"))
    with secured(authority.issue_cert("127.0.0.1")) as server:
        assert ask(server.host) == 200
    assert f"\r\nAuthorization: Bearer {TOKEN}\r\n" in server.requests[0]
    with secured(authority.issue_cert("elsewhere.example.com")) as server, pytest.raises(ConnectError):
        ask(server.host)
    assert server.requests == []


@pytest.mark.parametrize("value", ["", "0", "false", "/dev/null"])
@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PYTHONHTTPSVERIFY", "SSL_CERT_FILE"])
def test_nothing_in_the_environment_turns_the_check_off(
    authority: trustme.CA, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with secured(authority.issue_cert("127.0.0.1")) as server:
        with pytest.raises(GoToWebinarError, match=r"certificate|no trusted TLS connection"):
            ask(server.host)
        assert server.requests == []


def test_no_setting_turns_the_check_off(sandbox: Sandbox, tmp_path: Path, authority: trustme.CA) -> None:
    names = {name.casefold() for name in TapGoToWebinar.config_jsonschema["properties"]}
    assert not [name for name in names if any(word in name for word in ("verify", "insecure", "tls", "ssl", "cert"))]
    with secured(authority.issue_cert("127.0.0.1")) as server:
        wishes = {"verify": False, "verify_ssl": False, "insecure": True, "ssl_verify": False}
        settings = {**sandbox.settings, **FAST, **wishes, "api_url": f"https://{server.host}"}
        done = run_command(settings, tmp_path, hurries=True)
    assert done.exit_code == 1
    assert server.requests == []
    assert "is not to be trusted" in done.stderr


# Who gets the token --------------------------------------------------------------------------------------------------


def test_access_tokens_go_to_the_api_and_nothing_of_the_api_to_who_gives_out_tokens(
    make_sandbox: Callable[..., Sandbox], tmp_path: Path
) -> None:
    api, auth = make_sandbox(), make_sandbox()
    api.control.configure(faults=[Fault(kind="redirect", status=307, value=f"{auth.url}/stolen")])
    done = run_command({**api.settings, **FAST, "auth_url": auth.url}, tmp_path, hurries=True)
    assert done.exit_code == 1
    assert {call["path"] for call in auth.control.calls()} == {"/oauth/token"}
    assert "/oauth/token" not in {call["path"] for call in api.control.calls()}


# Who else learns of it -----------------------------------------------------------------------------------------------

TROUBLES: dict[str, dict[str, Any]] = {
    "all well": {},
    "a refused client": {"faults": [{"kind": "status", "status": 401, "path": "/oauth/"}]},
    "web pages": {"faults": [{"kind": "html", "path": "/registrants", "times": 9}]},
    "errors with people in them": {"faults": [{"kind": "status", "status": 400, "path": r"/registrants/\d+$"}]},
    "rows that are none": {"faults": [{"kind": "json", "value": [EMBEDDED_EMAIL], "path": "/registrants$"}]},
    "fields named after people": {
        "faults": [{"kind": "json", "value": [{"registrantKey": 1, EMBEDDED_EMAIL: 1}], "path": "/registrants$"}]
    },
    "keys that are people": {
        "faults": [{"kind": "json", "value": [{"registrantKey": EMBEDDED_EMAIL}], "path": "/registrants$"}]
    },
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_nothing_that_a_run_leaves_behind_but_its_records_and_tokens_tells_a_secret_or_a_person(
    make_sandbox: Callable[..., Sandbox], tmp_path: Path, trouble: str
) -> None:
    sandbox = make_sandbox(**TROUBLES[trouble])
    home = tmp_path / "home"
    home.mkdir()
    environment = {"HOME": str(home), "TMPDIR": str(home), "XDG_CACHE_HOME": str(home), "XDG_STATE_HOME": str(home)}
    tokens = tmp_path / "tokens.json"
    settings = {**sandbox.settings, **FAST, "token_path": str(tokens)}
    environment["TAP_GOTOWEBINAR_LOGLEVEL"] = "DEBUG"
    done = run_command(settings, tmp_path, env=environment, hurries=True)
    told = done.stderr + json.dumps(done.states)
    told += "".join(path.read_text(errors="replace") for path in home.rglob("*") if path.is_file())
    people = sandbox.control.expected_records()["registrants"]
    private = {person[name] for person in people for name in ("email", "joinUrl") if person.get(name)}
    private |= {*sandbox.credentials.values(), EMBEDDED_EMAIL, EMBEDDED_LINK}
    if tokens.exists():
        private |= {str(token) for token in _texts(json.loads(tokens.read_text())) if len(str(token)) > 15}
        private = {text for text in private if ":" not in text or "@" in text or "://" in text}
    assert sorted(text for text in private if text in told) == []


def _texts(value: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _texts(item) if "token" in name or isinstance(item, dict) else ()
    elif isinstance(value, str):
        yield value


@pytest.mark.process
def test_secrets_are_not_in_the_list_of_processes(make_sandbox: Callable[..., Sandbox], tmp_path: Path) -> None:
    sandbox = make_sandbox(faults=(Fault(kind="slow", path="/Users/me", seconds=60),))
    config = tmp_path / "config.json"
    config.write_text(json.dumps({**sandbox.settings, **FAST}), encoding="utf-8")
    command = [EXECUTABLE, "--config", str(config)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while not any(call["fault"] for call in sandbox.control.calls()):
            assert process.poll() is None
        seen = psutil.Process(process.pid)
        shown = " ".join([*seen.cmdline(), seen.name(), *(word for it in seen.children() for word in it.cmdline())])
        process.kill()
    assert [secret for secret in sandbox.credentials.values() if secret in shown] == []


def test_everything_the_sandbox_opens_is_on_loopback() -> None:
    with Sandbox(Options(webinars=1)):
        opened = {it.laddr.ip for it in psutil.Process().net_connections("inet") if it.status == psutil.CONN_LISTEN}
    assert opened <= {"127.0.0.1", "::1"}


# What is closed or full ----------------------------------------------------------------------------------------------


@pytest.mark.process
@pytest.mark.parametrize("redirection", [">&- 2>&-", "<&-", *slow(">&-", "2>&-")])
def test_streams_that_were_closed_from_the_start_end_the_run_without_a_traceback(
    sandbox: Sandbox, tmp_path: Path, redirection: str
) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps({**sandbox.settings, **FAST}), encoding="utf-8")
    done = subprocess.run(
        ["/bin/sh", "-c", f'"$0" --config "$1" {redirection}', EXECUTABLE, str(config)],
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=60,
    )
    assert "Traceback" not in done.stderr
    assert "internal error" not in done.stderr
    assert done.returncode == (0 if redirection in {"<&-", "2>&-"} else 1)
