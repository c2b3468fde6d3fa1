"""The address that the browser is sent back to: who is answered, and how."""

import concurrent.futures
import socket
import struct

import pytest
import requests

from tap_gotowebinar.api.errors import GoToWebinarError
from tap_gotowebinar.login.browser import RedirectListener


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def visit(url: str) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.get(url, timeout=10)


@pytest.mark.parametrize("path", ["", "/", "/callback", "/a/b?kept=1"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_the_browser_waits_for_the_page_that_says_how_it_went(host: str, path: str) -> None:
    uri = f"http://{host}:{free_port()}{path}"
    with concurrent.futures.ThreadPoolExecutor() as pool, RedirectListener(uri) as listener:
        seen = pool.submit(visit, f"{uri}{'&' if '?' in uri else '?'}code=1&state=2")
        answer = listener.wait(10)
        answer.reply("It <worked>", "& that is all")

        assert answer.address.endswith("code=1&state=2")
        assert "It &lt;worked&gt;" in seen.result().text
        assert "&amp; that is all" in seen.result().text
        assert seen.result().headers["Cache-Control"] == "no-store"


def test_other_paths_are_no_answer() -> None:
    origin = f"http://127.0.0.1:{free_port()}"
    with RedirectListener(f"{origin}/callback") as listener:
        assert visit(f"{origin}/favicon.ico").status_code == 404
        with pytest.raises(GoToWebinarError, match="no answer"):
            listener.wait(0)


def test_who_comes_a_second_time_is_told_so() -> None:
    uri = f"http://127.0.0.1:{free_port()}/"
    with concurrent.futures.ThreadPoolExecutor() as pool, RedirectListener(uri) as listener:
        first = pool.submit(visit, f"{uri}?code=1")
        answer = listener.wait(10)
        second = visit(f"{uri}?code=1")
        answer.reply("Done", "")

        assert "Too late" in second.text
        assert "Done" in first.result().text


def test_connections_that_say_nothing_keep_nobody_waiting() -> None:
    port = free_port()
    with (
        concurrent.futures.ThreadPoolExecutor() as pool,
        RedirectListener(f"http://127.0.0.1:{port}/") as listener,
        socket.create_connection(("127.0.0.1", port)),
    ):
        seen = pool.submit(visit, f"http://127.0.0.1:{port}/?code=1")
        listener.wait(10).reply("Done", "")

        assert seen.result().status_code == 200


def test_a_browser_that_goes_away_is_no_trouble(capfd: pytest.CaptureFixture[str]) -> None:
    port = free_port()
    with RedirectListener(f"http://127.0.0.1:{port}/") as listener:
        with socket.create_connection(("127.0.0.1", port)) as gone:
            gone.sendall(b"GET /?code=1 HTTP/1.0\r\n\r\n")
            answer = listener.wait(10)
            gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        answer.reply("Done", "")

    assert answer.address == "/?code=1"
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
        RedirectListener(uri)


def test_both_addresses_of_localhost_answer_where_the_machine_has_both() -> None:
    port = free_port()
    with RedirectListener(f"http://localhost:{port}/callback"):
        assert visit(f"http://127.0.0.1:{port}/").status_code == 404
        try:
            probe = socket.create_server(("::1", 0), family=socket.AF_INET6)
        except OSError:
            return
        probe.close()
        assert visit(f"http://[::1]:{port}/").status_code == 404
