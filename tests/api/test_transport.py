"""One exchange: what goes out, what comes back, and how every failure is named."""

import base64
import contextlib
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from gotowebinar_sandbox import Sandbox
from tap_gotowebinar.api.errors import ConnectError, GoToWebinarError, TransientError
from tap_gotowebinar.api.transport import ApiResponse, Transport
from tests.canned_server import ME, Canned, raw

TOKEN = "access-0123456789abcdef"


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the machine needs to reach the internet, these tests do not."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "requests_ca_bundle", "curl_ca_bundle"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@contextlib.contextmanager
def opened(timeout: float = 5) -> Iterator[Transport]:
    with contextlib.closing(Transport(request_timeout=timeout, user_agent="tap/1 (tests)")) as transport:
        yield transport


def send(url: str, **options: Any) -> ApiResponse:  # noqa: ANN401 - those of Transport.send
    with opened() as transport:
        return transport.send("GET", url, **options)


def failure(url: str, **options: Any) -> GoToWebinarError:  # noqa: ANN401 - those of Transport.send
    with pytest.raises(GoToWebinarError) as caught:
        send(url, **options)
    return caught.value


def test_a_server_that_does_not_speak_tls_is_not_trusted(sandbox: Sandbox) -> None:
    host = sandbox.url.removeprefix("http://")

    assert str(failure(f"https://{host}")) == f"no trusted TLS connection to {host}"


@pytest.mark.parametrize("status", ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent"])
def test_a_redirect_is_not_followed_with_the_token(status: str) -> None:
    with Canned(raw()) as elsewhere, Canned(raw(b"<p>moved", status, Location=f"{elsewhere.url}/x?secret=1")) as server:
        answer = send(server.url, token=TOKEN)

    assert elsewhere.requests == []
    assert answer == ApiResponse(int(status[:3]), None, location=f"{elsewhere.url}/x")


@pytest.mark.parametrize("lengths", ["2\r\nContent-Length: 5", "2, 5"])
def test_lengths_that_contradict_each_other_are_a_fault_of_the_answer(lengths: str) -> None:
    with Canned(f"HTTP/1.1 200 OK\r\nContent-Length: {lengths}\r\n\r\n[]".encode()) as server:
        error = failure(server.url)

    assert type(error) is TransientError
    assert str(error) == f"no connection to {server.host}, or it was cut"
    assert error.__suppress_context__


def test_a_request_says_who_asks_and_what_it_takes() -> None:
    with Canned(raw()) as server:
        send(f"{server.url}/path", token=TOKEN, params={"page": 0, "fromTime": "2024-01-01T00:00:00+01:00"})

    (request,) = server.requests
    assert request.startswith("GET /path?page=0&fromTime=2024-01-01T00%3A00%3A00%2B01%3A00 HTTP/1.1\r\n")
    assert "User-Agent: tap/1 (tests)\r\n" in request
    assert "Accept: application/json\r\n" in request
    assert f"Authorization: Bearer {TOKEN}\r\n" in request


def test_a_client_with_an_odd_secret_can_introduce_itself() -> None:
    with Canned(raw()) as server:
        send(server.url, auth=("client", "sécret-€-\ud800"))

    expected = base64.b64encode("client:sécret-€-?".encode()).decode()
    assert f"Authorization: Basic {expected}\r\n" in server.requests[0]


@pytest.mark.parametrize(
    "secret",
    [{"token": "tokén-€"}, {"token": "two\r\nlines"}, {"data": {"pat": "half \ud800"}}],
    ids=["beyond Latin-1", "line break", "half a character"],
)
def test_a_secret_that_cannot_be_sent_is_refused_without_showing_it(secret: Mapping[str, Any]) -> None:
    with Canned(raw()) as server:
        error = failure(server.url, **secret)

    assert type(error) is GoToWebinarError
    assert str(error) == (
        f"the request to {server.host} cannot be made: check the proxy settings, and the secrets for odd characters"
    )
    assert server.requests == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"name": "\\ud83d"}', {"name": "\ud83d"}),
        (b'\xef\xbb\xbf{"name": "Ada"}', {"name": "Ada"}),
        (b'{"rating": 1e400}', {"rating": math.inf}),
        (b'{"key": 9007199254740993123}', {"key": 9007199254740993123}),
        (b"[]", []),
        (b"null", None),
    ],
    ids=["lone surrogate", "byte order mark", "too large a number", "19 digits", "empty list", "null"],
)
def test_json_is_taken_as_tolerantly_as_the_standard_library_does(body: bytes, expected: object) -> None:
    with Canned(raw(body)) as server:
        assert send(server.url).body == expected


@pytest.mark.parametrize("body", [b"[" * 200_000, b'{"name": "\xff\xfe"', b'{"a": 1} {"b": 2}'])
def test_what_no_decoder_takes_is_broken(body: bytes) -> None:
    with Canned(raw(body)) as server, Canned(raw(body, Content_Encoding="gzip")) as packing:
        error, unpacking = failure(server.url), failure(packing.url)

    assert str(error) == f"the answer is not JSON (status 200, {len(body)} bytes)"
    assert error.__suppress_context__
    assert type(unpacking) is TransientError
    assert str(unpacking) == f"the answer of {packing.host} could not be read (ContentDecodingError)"


def test_a_closed_transport_opens_again_when_it_is_needed(sandbox: Sandbox) -> None:
    with opened() as transport:
        transport.close()

        assert transport.send("GET", sandbox.url + ME).status == 403


def test_a_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with Canned(raw(b'{"from": "proxy"}')) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)

        assert send("http://gotowebinar.invalid/path").body == {"from": "proxy"}

    assert proxy.requests[0].startswith("GET http://gotowebinar.invalid/path HTTP/1.1\r\n")


def test_hosts_that_need_no_proxy_are_called_directly(monkeypatch: pytest.MonkeyPatch) -> None:
    with Canned(raw()) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "gotowebinar.invalid")

        assert type(failure("http://gotowebinar.invalid")) is ConnectError

    assert proxy.requests == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize("variable", ["http_proxy", "all_proxy"])
def test_what_is_for_this_machine_is_shown_to_no_proxy(
    monkeypatch: pytest.MonkeyPatch, variable: str, host: str
) -> None:
    with Canned(raw()) as proxy, Canned(raw()) as server:
        monkeypatch.setenv(variable, proxy.url)

        send(server.url.replace("127.0.0.1", host), token=TOKEN)

    assert proxy.requests == []
    assert len(server.requests) == 1


NO_PROXY = "no connection to gotowebinar.invalid through the proxy that the environment names"
NO_REQUEST = (
    "the request to gotowebinar.invalid cannot be made: check the proxy settings, and the secrets for odd characters"
)
NO_BUNDLE = "REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE names certificates that are not there"


@pytest.mark.parametrize(
    ("variable", "value", "kind", "said"),
    [
        ("https_proxy", "http://user:hunter2@HOST", ConnectError, NO_PROXY),
        ("https_proxy", "gopher://127.0.0.1:70", GoToWebinarError, NO_REQUEST),
        ("REQUESTS_CA_BUNDLE", "missing.pem", GoToWebinarError, f"no connection to gotowebinar.invalid: {NO_BUNDLE}"),
        ("CURL_CA_BUNDLE", "missing.pem", GoToWebinarError, f"no connection to gotowebinar.invalid: {NO_BUNDLE}"),
    ],
)
def test_what_the_environment_names_in_vain_is_said_at_once_without_a_password(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, kind: type[GoToWebinarError], said: str
) -> None:
    with Canned(raw(status="403 Forbidden")) as proxy:
        monkeypatch.setenv(variable, value.replace("HOST", proxy.host))

        error = failure("https://gotowebinar.invalid")

    assert type(error) is kind
    assert str(error) == said


def test_a_netrc_file_does_not_replace_the_token(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login ada password hunter2\n", encoding="utf-8")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))

    with Canned(raw()) as server:
        send(server.url, token=TOKEN)

    assert f"Authorization: Bearer {TOKEN}\r\n" in server.requests[0]


def test_the_environment_is_looked_at_once_per_host_and_nothing_is_taken_from_one_call_to_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with opened() as transport, Canned(raw(Set_Cookie="id=17; Path=/")) as first, Canned(raw()) as second:
        for proxy in (first, second):
            monkeypatch.setenv("http_proxy", proxy.url)
            transport.send("GET", "http://gotowebinar.invalid")

    assert (len(first.requests), len(second.requests)) == (2, 0)
    assert not any(name in first.requests[1].lower() for name in ("cookie", "authorization"))


@pytest.mark.parametrize("status", [b"100 Continue", b"102 Processing", b"103 Early Hints", b"199 Whatever"])
def test_what_announces_an_answer_is_not_taken_for_it(status: bytes) -> None:
    announced = b"HTTP/1.1 %b\r\nLink: </style>\r\n\r\n" % status
    with Canned(2 * announced + raw(b"[1]")) as server:
        assert send(server.url).body == [1]
