"""Access tokens: one for everybody, renewed in time, stored, and replaced."""

import contextlib
import logging
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from gotowebinar_sandbox import Fault, Sandbox
from tap_gotowebinar.api.auth.authenticator import SHUTDOWN_GRACE, AccessToken, Authenticator
from tap_gotowebinar.api.auth.token_endpoint import Credentials, TokenEndpoint
from tap_gotowebinar.api.auth.token_store import TokenStore
from tap_gotowebinar.api.errors import AuthenticationError, ForbiddenError, RetriesExhaustedError
from tap_gotowebinar.api.rate_limiter import RateLimiter
from tap_gotowebinar.api.transport import ApiResponse, Transport
from tests.canned_server import (
    AT_ONCE,
    ME,
    SECRETS,
    Canned,
    api_calls,
    in_threads,
    quick_budget,
    raw,
    talk,
    token_answer,
    token_calls,
)

OAUTH = "/oauth/token"
REPLACED = raw(b'{"access_token": "good", "expires_in": 100, "refresh_token": "another"}')


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


@contextlib.contextmanager
def authenticator(
    url: str, clock: Callable[[], float] | None = None, path: Path | None = None, **credentials: str
) -> Iterator[Authenticator]:
    known = Credentials(**{**SECRETS, **credentials})
    with contextlib.closing(Transport(request_timeout=5, user_agent="tests")) as transport:
        endpoint = TokenEndpoint(known, transport, f"{url}{OAUTH}", waits=AT_ONCE)
        yield Authenticator(known, endpoint, TokenStore(path, url, known.client_id), clock=clock or Clock())


def granted(sandbox: Sandbox) -> dict[str, Any]:
    """The credentials a sandbox accepts, without the personal access token."""
    return {name: sandbox.settings[name] for name in SECRETS}


# Getting one ---------------------------------------------------------------------------------------------------------


def test_nothing_is_asked_for_before_the_first_call(sandbox: Sandbox) -> None:
    with talk(sandbox):
        assert sandbox.control.calls() == []


# Renewing it ---------------------------------------------------------------------------------------------------------


NO_LIFETIMES = ("0", "-5", "null", '"soon"', "[]", "{}", "1e999", '"nan"', '"inf"', "1" + "0" * 400, '""')


@pytest.mark.parametrize(
    ("lifetime", "good_for"),
    [
        *(("3600", 3540), ("600", 540), ("100", 90), ("5", 4.5), ('"3600"', 3540), ("0.5", 0.45)),
        *((lifetime, 3540) for lifetime in NO_LIFETIMES),
    ],
)
def test_a_token_is_renewed_before_it_expires_and_lives_an_hour_if_goto_does_not_say(
    lifetime: str, good_for: float
) -> None:
    clock = Clock()
    with Canned(token_answer(lifetime)) as server, authenticator(server.url, clock) as auth:
        auth.token()
        clock.advance(good_for - 0.01)
        auth.token()
        assert len(server.requests) == 1

        clock.advance(0.02)
        auth.token()
        assert len(server.requests) == 2


def test_a_token_lives_from_when_it_was_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path, clock = tmp_path / "tokens.json", Clock()
    monkeypatch.setattr(time, "time", clock)
    with Canned(token_answer("30")) as server, authenticator(server.url, clock, path) as auth:
        send = auth._endpoint.transport.send

        def send_slowly(**options: Any) -> ApiResponse:  # noqa: ANN401 - those of `send`
            clock.advance(10)
            return send(**options)

        monkeypatch.setattr(auth._endpoint.transport, "send", send_slowly)
        auth.token()
        stored = TokenStore(path, server.url, SECRETS["client_id"]).read(SECRETS["refresh_token"])
        assert stored.expires_at - clock() == 20
        clock.advance(16.9)  # of the 17 that are left before the margin
        auth.token()
        assert len(server.requests) == 1

        clock.advance(0.2)
        auth.token()
        assert len(server.requests) == 2


@pytest.mark.parametrize(
    "expired",
    [
        *(
            raw(b'{"%b": "%b", "msg": "Invalid token passed"}' % (name, code), "403 Forbidden")
            for name in (b"int_err_code", b"errorCode", b"error")
            for code in (b"InvalidToken", b"INVALIDTOKEN", b"invalidtoken", b"invalidToken")
        ),
        raw(b"", "401 Unauthorized"),
    ],
)
def test_an_expired_token_is_known_by_its_code_in_any_case_or_by_401_and_renewed(expired: bytes) -> None:
    with Canned(token_answer(), expired, token_answer(), raw(b'{"id": "1"}')) as server, talk(server) as talking:
        assert talking.get() == {"id": "1"}
        assert (talking.stats.calls, talking.stats.answered, talking.stats.retries) == (2, 1, 1)


def test_rejected_tokens_count_anew_once_a_token_has_worked(make_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = make_sandbox(faults=(Fault(kind="invalid_token", path=ME, times=4),))

    with talk(sandbox) as talking:
        talking.get()
        sandbox.control.configure(faults=(Fault(kind="invalid_token", path=ME, times=3),))
        talking.get()

    assert [call["status"] for call in api_calls(sandbox)] == [403, 403, 403, 403, 200, 403, 403, 403, 200]


def test_tokens_that_never_work_end_the_run_instead_of_going_round(make_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = make_sandbox(faults=(Fault(kind="invalid_token", path=ME),))

    with talk(sandbox) as talking:
        endings = in_threads(5, talking.get)

    assert {type(ending) for ending in endings} == {AuthenticationError}
    (said,) = {str(ending) for ending in endings}
    assert said == (
        "GoTo refuses the access tokens it has just given out: check that the OAuth client of client_id "
        "may use the GoToWebinar API (scope collab:) and that the user has a GoToWebinar licence"
    )
    assert token_calls(sandbox) == 5


def test_a_path_that_takes_no_token_is_refused_where_others_take_it(make_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = make_sandbox(faults=(Fault(kind="invalid_token", path="/organizers/"),))

    with talk(sandbox) as talking:
        talking.get()
        with pytest.raises(ForbiddenError, match="takes no access token for it"):
            talking.get("/G2W/rest/v2/organizers/1/webinars")
        assert talking.get()["id"]

    assert [call["status"] for call in api_calls(sandbox)] == [200, 403, 403, 403, 403, 200]


def test_a_call_gives_up_when_its_tokens_expire_again_and_again(make_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = make_sandbox(faults=(Fault(kind="invalid_token", path=ME),))

    with talk(sandbox) as talking:
        ask = talking.authenticator.token

        def token_that_works_for_others() -> str:
            token = ask()
            talking.authenticator.on_accepted(token)
            return token

        talking.authenticator.token = token_that_works_for_others  # type: ignore[method-assign]
        with pytest.raises(ForbiddenError, match=re.escape(ME)):
            talking.get()

    assert len(api_calls(sandbox)) == 20


def test_concurrent_calls_share_one_renewal(make_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = make_sandbox(latency=0.02)

    with talk(sandbox) as talking:
        assert in_threads(20, talking.get) == [None] * 20
        assert token_calls(sandbox) == 1

        sandbox.control.expire_access_tokens()
        assert in_threads(20, talking.get) == [None] * 20
        assert token_calls(sandbox) == 2


def test_many_threads_complete_although_tokens_live_for_a_moment_only(make_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = make_sandbox(token_lifetime=0.3, jitter=0.05)

    with talk(sandbox) as talking:
        endings = in_threads(20, lambda: [talking.get() for _ in range(15)])

    assert endings == [None] * 20
    assert talking.stats.answered == 300
    assert token_calls(sandbox) > 1


def test_a_renewal_holds_no_slot_and_does_not_keep_the_process_alive(make_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = make_sandbox(faults=(Fault(kind="slow", path=OAUTH, seconds=0.5),))

    with talk(sandbox, budget=quick_budget(1)) as talking:
        renewing = threading.Thread(target=talking.get)
        renewing.start()
        while not token_calls(sandbox):
            time.sleep(0.001)
        with talking.budget.slot() as waited:
            assert waited < 10
        assert [thread.daemon for thread in threading.enumerate() if thread.name == "token"] == [True]
        renewing.join()


def test_a_token_is_looked_at_again_after_the_wait_for_a_slot(sandbox: Sandbox) -> None:
    clock = Clock()
    budget = RateLimiter(100, 1e6, clock=clock, wait=lambda _condition, delay: clock.advance(delay or 0))

    with talk(sandbox, budget=budget, clock=clock) as talking:
        talking.get()
        clock.advance(3500)
        budget.pause(60)  # ends after the token's time
        talking.get()

    assert token_calls(sandbox) == 2
    assert [call["status"] for call in api_calls(sandbox)] == [200, 200]


# Storing it ----------------------------------------------------------------------------------------------------------


def keep(path: Path, url: str, access_token: str, expires_in: float, lifetime: float = 3600) -> None:
    """Store an access token, as another run would have."""
    store, credential = TokenStore(path, url, SECRETS["client_id"]), SECRETS["refresh_token"]
    tokens = store.read(credential)
    tokens.update(access_token, None, lifetime, time.time() + expires_in)
    store.write(credential, tokens)


@pytest.mark.parametrize(
    ("expires_in", "lifetime", "used"),
    [
        *((60.5, 3600, "stored"), (59.5, 3600, "good-token"), (-1, 3600, "good-token"), (3601, 3600, "good-token")),
        *((3600, 3600, "stored"), (2.5, 20, "stored"), (1.5, 20, "good-token")),
    ],
)
def test_a_stored_access_token_is_used_if_it_is_in_its_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expires_in: float, lifetime: float, used: str
) -> None:
    """It is not if it expires later than it can, either: then a clock was set."""
    monkeypatch.setattr(time, "time", lambda: 1e9)
    path = tmp_path / "tokens.json"
    with Canned(token_answer()) as server, authenticator(server.url, path=path) as auth:
        keep(path, server.url, "stored", expires_in, lifetime)
        assert auth.token() == used


def test_a_stored_access_token_is_renewed_before_it_expires(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 1e9)
    path, clock = tmp_path / "tokens.json", Clock()
    with Canned(token_answer()) as server, authenticator(server.url, clock, path) as auth:
        keep(path, server.url, "stored", 100)
        assert auth.token() == "stored"
        clock.advance(39)
        assert auth.token() == "stored"
        clock.advance(1)
        assert auth.token() == "good-token"


def test_a_stored_access_token_is_used_while_another_process_holds_the_store(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    with Canned() as server, authenticator(server.url, path=path) as auth, FileLock(f"{path}.lock"):
        keep(path, server.url, "stored", 3600)
        assert auth.token() == "stored"


def test_who_waited_for_another_process_uses_what_that_one_stored(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    used: list[str] = []
    with Canned(token_answer()) as server, authenticator(server.url, path=path) as auth:
        waiting = threading.Thread(target=lambda: used.append(auth.token()))
        with FileLock(f"{path}.lock"):
            waiting.start()
            waiting.join(0.2)
            keep(path, server.url, "stored", 3600)
        waiting.join()
    assert (used, server.requests) == (["stored"], [])


def test_the_end_of_a_run_ends_its_wait_for_another_process(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    endings: list[BaseException | None] = []
    with Canned(token_answer()) as server, authenticator(server.url, path=path) as auth:
        waiting = threading.Thread(target=lambda: endings.extend(in_threads(1, auth.token)))
        with FileLock(f"{path}.lock"):
            waiting.start()
            waiting.join(0.2)
            auth.close()
            waiting.join()
    assert [type(ending) for ending in endings] == [RetriesExhaustedError]
    assert server.requests == []


# Rotation ------------------------------------------------------------------------------------------------------------


def test_a_replaced_refresh_token_is_used_from_then_on(
    make_sandbox: Callable[..., Sandbox], caplog: pytest.LogCaptureFixture
) -> None:
    sandbox = make_sandbox(rotate_refresh_tokens=True)

    with caplog.at_level(logging.INFO, "tap-gotowebinar"), talk(sandbox) as talking:
        for _ in range(3):
            talking.get()
            sandbox.control.expire_access_tokens()

    assert token_calls(sandbox) == 3
    assert caplog.messages == []


def test_a_replaced_refresh_token_stays_stored_when_it_is_not_replaced_again(tmp_path: Path) -> None:
    path, clock = tmp_path / "tokens.json", Clock()
    with Canned(REPLACED, token_answer()) as server, authenticator(server.url, clock, path) as auth:
        auth.token()
        clock.advance(100)
        auth.token()
        stored = TokenStore(path, server.url, SECRETS["client_id"]).read(SECRETS["refresh_token"])

    assert (stored.access_token, stored.refresh_token) == ("good-token", "another")


def test_a_replaced_refresh_token_that_is_lost_and_cannot_be_stored_again_is_told(tmp_path: Path) -> None:
    folder, clock = tmp_path / "folder", Clock()
    with Canned(REPLACED, token_answer()) as server, authenticator(server.url, clock, folder / "tokens.json") as auth:
        auth.token()
        assert auth.problem is None
        shutil.rmtree(folder)
        folder.touch()
        clock.advance(100)
        assert auth.token() == "good-token"
        assert auth.problem is not None


REFRESH = "grant_type=refresh_token&refresh_token=our-refresh"


@pytest.mark.parametrize(
    ("again", "personal", "sent"),
    [
        *((again, "", REFRESH) for again in ('"our-refresh"', '""', "null", "7")),
        ('"another"', "our-personal", "grant_type=personal_access_token&pat=our-personal"),
    ],
)
def test_without_another_refresh_token_the_credential_stays_and_a_personal_access_token_always_does(
    again: str, personal: str, sent: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = raw(b'{"access_token": "good", "expires_in": 100, "refresh_token": %b}' % again.encode())
    clock = Clock()
    with Canned(answer) as server, authenticator(server.url, clock, personal_access_token=personal) as auth:
        auth.token()
        clock.advance(100)
        auth.token()

    assert server.requests[1].endswith(sent)
    assert caplog.messages == []


# The end -------------------------------------------------------------------------------------------------------------


def test_the_end_waits_a_moment_for_a_token_on_its_way_and_no_longer(make_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = make_sandbox(faults=(Fault(kind="slow", path=OAUTH, seconds=60),))

    def ask() -> None:
        with contextlib.suppress(RetriesExhaustedError):
            talking.authenticator.token()

    with talk(sandbox, timeout=60) as talking:
        threading.Thread(target=ask, daemon=True).start()
        while not token_calls(sandbox):
            time.sleep(0.001)
        began = time.monotonic()
        talking.authenticator.close()
        assert SHUTDOWN_GRACE - 0.1 < time.monotonic() - began < 30


@pytest.mark.parametrize("starts_late", [False, True])
def test_the_end_loses_no_token_when_a_signal_comes_while_the_renewal_starts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, starts_late: bool
) -> None:
    class StoppedError(BaseException):
        pass

    renewals: list[threading.Thread] = []
    start = threading.Thread.start

    def interrupted(thread: threading.Thread) -> None:
        if thread.name != "token":
            start(thread)
            return
        renewals.append(thread)
        if not starts_late:
            start(thread)
        raise StoppedError

    monkeypatch.setattr(threading.Thread, "start", interrupted)
    path = tmp_path / "tokens.json"
    with Canned(REPLACED) as server, authenticator(server.url, path=path) as auth:
        with pytest.raises(StoppedError):
            auth.token()
        while not starts_late and not server.requests:
            time.sleep(0.001)
        auth.close()
        stored = TokenStore(path, server.url, SECRETS["client_id"]).read(SECRETS["refresh_token"])
        if starts_late:
            start(renewals[0])
        renewals[0].join()
    assert (len(server.requests), stored.refresh_token) == ((0, None) if starts_late else (1, "another"))


def test_nothing_is_asked_for_after_the_end() -> None:
    with Canned(token_answer()) as server, authenticator(server.url) as auth:
        auth.close()
        with pytest.raises(RetriesExhaustedError, match=r"^no access token is asked for any more: the run is over$"):
            auth.token()
    assert server.requests == []


# Keeping it to ourselves ---------------------------------------------------------------------------------------------


def test_no_secret_is_in_any_text_form() -> None:
    credentials = Credentials(**SECRETS, personal_access_token="our-personal")

    shown = f"{credentials!r} {credentials} {AccessToken('our-access', 7.0)!r} {ApiResponse(200, {'token': 'ours'})!r}"

    assert shown.startswith("Credentials() Credentials() AccessToken(use_until=7.0) ApiResponse(status=200, ")
    assert "our" not in shown


def test_a_renewal_that_was_interrupted_leaves_nothing_locked(sandbox: Sandbox) -> None:
    class StoppedError(BaseException):
        pass

    def interrupt(*_: object) -> None:
        raise StoppedError

    with authenticator(sandbox.url, **granted(sandbox)) as auth:
        auth._clock = interrupt  # type: ignore[assignment]
        with pytest.raises(StoppedError):
            auth.token()
        auth._clock = Clock()

        assert auth.token().startswith("access-")
