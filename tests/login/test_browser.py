"""The address that the browser is sent back to: who is answered, and how."""

import concurrent.futures
import socket
import struct
import threading

import pytest
import requests

from demo.postgres import free_port
from tap_gotowebinar.api.errors import GoToWebinarError
from tap_gotowebinar.login.browser import RedirectListener


def never(address: str) -> None:
    pytest.fail(f"{address} is no redirect")


def visit(url: str) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.get(url, timeout=10)


@pytest.mark.parametrize("path", ["", "/", "/callback", "/a/b?kept=1"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_the_first_request_finishes_the_login_and_the_page_says_so(host: str, path: str) -> None:
    uri = f"http://{host}:{free_port()}{path}"
    taken: list[str] = []
    with concurrent.futures.ThreadPoolExecutor() as pool, RedirectListener(uri, taken.append) as listener:
        seen = pool.submit(visit, f"{uri}{'&' if '?' in uri else '?'}code=1&state=2")
        listener.wait(10)

        assert [address.endswith("code=1&state=2") for address in taken] == [True]
        assert "You are logged in" in seen.result().text
        assert seen.result().headers["Cache-Control"] == "no-store"


def test_other_paths_are_no_answer() -> None:
    origin = f"http://127.0.0.1:{free_port()}"
    with RedirectListener(f"{origin}/callback", never) as listener:
        assert visit(f"{origin}/favicon.ico").status_code == 404
        with pytest.raises(GoToWebinarError, match="no answer"):
            listener.wait(0)


def test_a_second_request_is_too_late_and_the_first_is_waited_for_beyond_the_time_limit() -> None:
    uri = f"http://127.0.0.1:{free_port()}/"
    begun, go_on = threading.Event(), threading.Event()

    def finish(_: str) -> None:
        begun.set()
        go_on.wait(10)

    with concurrent.futures.ThreadPoolExecutor() as pool, RedirectListener(uri, finish) as listener:
        first = pool.submit(visit, f"{uri}?code=1")
        begun.wait(10)
        assert "Too late" in visit(f"{uri}?code=1").text
        waiting = pool.submit(listener.wait, 0)
        go_on.set()
        waiting.result()

        assert "You are logged in" in first.result().text


def test_idle_connections_and_a_browser_that_goes_away_do_no_harm(capfd: pytest.CaptureFixture[str]) -> None:
    port = free_port()
    taken: list[str] = []
    with (
        RedirectListener(f"http://127.0.0.1:{port}/", taken.append) as listener,
        socket.create_connection(("127.0.0.1", port)),
        socket.create_connection(("127.0.0.1", port)) as gone,
    ):
        gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        gone.sendall(b"GET /?code=1 HTTP/1.0\r\n\r\n")
        gone.close()
        listener.wait(10)

    assert taken == ["/?code=1"]
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "uri",
    [
        "https://localhost:8914/callback",
        "http://example.com/",
        "http://0.0.0.0:8914/",
        "http://localhost:0/",
        "http://localhost:99999/",
        "http://[",
        "nonsense",
        "",
    ],
)
def test_an_address_of_another_machine_is_refused(uri: str) -> None:
    with pytest.raises(GoToWebinarError, match="--redirect-uri is no http address of this machine"):
        RedirectListener(uri, never)


def test_both_addresses_of_localhost_answer_where_the_machine_has_both() -> None:
    port = free_port()
    with RedirectListener(f"http://localhost:{port}/callback", never):
        assert visit(f"http://127.0.0.1:{port}/").status_code == 404
        try:
            probe = socket.create_server(("::1", 0), family=socket.AF_INET6)
        except OSError:
            return
        probe.close()
        assert visit(f"http://[::1]:{port}/").status_code == 404
