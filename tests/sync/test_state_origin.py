"""Whose state it is: that of another connection is refused before anything comes out, and one's own never is."""

import copy
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from gotowebinar_sandbox import Fault, Sandbox
from gotowebinar_sandbox import tokens as sandbox_tokens
from tap_gotowebinar.api.identity import ADMIN_PATH, IDENTITY_PATH
from tests.forkserver import run_command
from tests.incremental_runs import NOW, STREAMS, Runs, emitted
from tests.runs import Run
from tests.selection import selecting
from tests.tiers import slow

WEBINARS: Final = ("webinars", *STREAMS)
EVERYTHING: Final = ("organizers", *WEBINARS, "sessions", "panelists")
Begin = Callable[..., Runs]


@pytest.fixture
def begin(make_sandbox: Callable[..., Sandbox]) -> Begin:
    """Begin runs in a sandbox with this seed; each seed is another user with other webinars."""
    return lambda seed=1, **options: Runs(
        make_sandbox(now=NOW, **{"seed": seed, "webinars": 4, "registrants": 5, **options})
    )


def configured(runs: Runs, settings: str) -> dict[str, Any]:
    """The settings that say whose data to read, in each of three ways."""
    ways: dict[str, dict[str, Any]] = {
        "of the token": {},
        "organizer_keys": {"organizer_keys": runs.organizers()},
        "account_key": {"account_key": runs.account()},
    }
    return ways[settings]


def of_main_before(state: Mapping[str, Any] | None) -> dict[str, Any]:
    """The state as it was printed before it said whose it is."""
    assert state is not None
    assert state["origin"]["keys"]
    return {"bookmarks": copy.deepcopy(state["bookmarks"])}


def refuses(runs: Runs, state: Mapping[str, Any], *streams: str, **settings: Any) -> bool:  # noqa: ANN401 - those of the tap
    """Whether a run refuses a state; it then has printed nothing at all, and asked for nobody's registrants."""
    own, runs.state = runs.state, copy.deepcopy(dict(state))
    done = runs.run(*streams, **settings)
    if done.exit_code == 0:
        return False
    assert done.exit_code == 1
    assert not done.stdout
    assert runs.calls(r"/webinars/|/sessions") == []
    runs.state = own
    return True


def is_idle(done: Run) -> bool:
    return (done.exit_code, emitted(done)) == (0, {})


@pytest.mark.parametrize("settings", ["of the token", "organizer_keys", "account_key"])
@pytest.mark.parametrize("streams", [WEBINARS, *slow(EVERYTHING, ("webinars", "webinar_removals"), ("panelists",))])
def test_two_connections_that_are_handed_each_other_s_state_refuse_it(
    begin: Begin, caplog: pytest.LogCaptureFixture, settings: str, streams: tuple[str, ...]
) -> None:
    pair = [(runs, configured(runs, settings)) for runs in (begin(1), begin(2))]
    for runs, whose in pair:
        runs.run(*streams, **whose)
    states = [runs.state or {} for runs, _ in pair]
    for forms in (states, [of_main_before(state) for state in states]):
        for (runs, whose), own, of_other in zip(pair, forms, reversed(forms), strict=True):
            caplog.clear()
            assert refuses(runs, of_other, *streams, **whose)
            (said,) = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
            assert re.match("the state is that of another connection: .*; check .*, or start without one ", said)
            runs.state = own
            assert is_idle(runs.run(*streams, **whose))


def test_a_refusal_is_one_last_line_on_the_command_line(begin: Begin, tmp_path: Path) -> None:
    one, other = begin(1), begin(2)
    one.run()
    done = run_command(other.settings, tmp_path, state=one.state, catalog=selecting(*WEBINARS))
    assert (done.exit_code, done.stdout, len(done.errors)) == (1, "", 1)
    assert done.stderr.splitlines()[-1].endswith(done.errors[0])


@pytest.mark.parametrize("settings", ["of the token", "organizer_keys"])
def test_sessions_alone_tell_by_the_organizers(begin: Begin, settings: str) -> None:
    one, other = begin(1), begin(2)
    one.run("sessions", **configured(one, settings))
    assert one.state is not None
    assert refuses(other, one.state, "sessions", **configured(other, settings))


# One's own


@pytest.mark.parametrize("settings", ["of the token", "organizer_keys", "account_key"])
@pytest.mark.parametrize("streams", [EVERYTHING, WEBINARS])
def test_a_run_makes_the_same_calls_with_and_without_an_origin(
    begin: Begin, settings: str, streams: tuple[str, ...]
) -> None:
    """Whose the token is, is asked for where it was before: by `organizers`, and where nothing says whom to read."""
    runs = begin()
    whose = configured(runs, settings)
    identity = int(settings == "of the token" or "organizers" in streams)
    runs.run(*streams, **whose)
    assert len(runs.calls(IDENTITY_PATH)) == identity
    runs.run(*streams, **whose)
    with_origin = sorted(runs.calls("."))
    runs.state = of_main_before(runs.state)
    assert is_idle(runs.run(*streams, **whose))
    assert sorted(runs.calls(".")) == with_origin
    assert with_origin.count(IDENTITY_PATH) == identity


def test_a_state_of_before_says_whose_it_is_after_one_run_and_an_idle_run_prints_none(begin: Begin) -> None:
    runs = begin()
    runs.run()
    whole = runs.state
    runs.state = of_main_before(whole)
    assert [state == whole for state in runs.run().states] == [True]
    assert runs.run().states == []


@pytest.mark.parametrize("known", [None, {"bookmarks": {}}, {"bookmarks": {"webinars": {}, "registrants": {}}}])
def test_a_run_that_has_nothing_to_remember_prints_no_state_for_its_origin(
    begin: Begin, known: dict[str, Any] | None
) -> None:
    runs = begin()
    runs.state = known
    done = runs.run("organizers")
    assert (done.exit_code, done.states) == (0, [])


def test_another_login_of_the_same_user_is_nobody_else(begin: Begin) -> None:
    runs = begin()
    runs.run(*EVERYTHING)
    token = runs.sandbox.credentials["personal_access_token"]
    assert runs.settings.pop("refresh_token")
    assert is_idle(runs.run(*EVERYTHING, personal_access_token=token))


def test_another_client_of_the_same_user_is_nobody_else(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    old = begin()
    old.run(*EVERYTHING)
    registered = sandbox_tokens.credentials(99)
    for module in ("sandbox", "state"):
        monkeypatch.setattr(f"gotowebinar_sandbox.{module}.credentials", lambda _seed: registered)
    new = begin()
    assert new.settings["client_id"] != old.settings["client_id"]
    new.state = old.state
    assert is_idle(new.run(*EVERYTHING))


@pytest.mark.parametrize("streams", [EVERYTHING, WEBINARS])
def test_an_organizer_who_is_added_or_taken_away_is_nobody_else(begin: Begin, streams: tuple[str, ...]) -> None:
    runs = begin(organizers=3)
    keys = runs.organizers()
    runs.run(*streams, organizer_keys=keys[:1])
    assert runs.run(*streams, organizer_keys=keys[:2]).exit_code == 0
    assert runs.run(*streams, organizer_keys=keys[1:]).exit_code == 0
    assert is_idle(runs.run(*streams, organizer_keys=keys[2:]))


def test_before_a_state_is_refused_goto_is_asked_whose_the_token_is(begin: Begin) -> None:
    """From one's own webinars to those of colleagues: nothing is shared, and it is the same user."""
    runs = begin(organizers=2)
    runs.run()
    assert runs.run(organizer_keys=runs.organizers()[1:]).exit_code == 0
    assert len(runs.calls(IDENTITY_PATH)) == 1
    other = begin(2)
    assert refuses(other, runs.state or {}, organizer_keys=other.organizers())


def test_an_organizer_whose_webinars_move_into_the_account_is_nobody_else(begin: Begin) -> None:
    runs = begin(organizers=2)
    runs.run(organizer_keys=runs.organizers()[:1])
    assert runs.run(account_key=runs.account()).exit_code == 0


@pytest.mark.parametrize("settings", ["of the token", "organizer_keys", "account_key"])
def test_an_owner_all_of_whose_webinars_are_new_is_nobody_else(begin: Begin, settings: str) -> None:
    runs = begin()
    whose = configured(runs, settings)
    runs.run(**whose)
    gone = set(runs.webinars())
    for key in gone:
        runs.control.cancel_webinar(key)
    runs.control.add_webinar()
    done = runs.run(**whose)
    assert done.exit_code == 0
    assert {row["webinarKey"] for row in done.records("webinar_removals")} == gone
    assert is_idle(runs.run(**whose))


@pytest.mark.parametrize("streams", [WEBINARS, ("registrants",)])
def test_a_window_without_any_webinar_that_is_known_is_no_sign_of_another(
    begin: Begin, streams: tuple[str, ...]
) -> None:
    runs = begin()
    whose = configured(runs, "organizer_keys")
    runs.run(*streams, **whose)
    runs.control.add_webinar()
    assert runs.run(*streams, **whose, start_date="2026-03-10T00:00:00Z").exit_code == 0


def test_a_state_of_before_tells_by_its_organizers_where_the_window_holds_no_webinar_it_knows(begin: Begin) -> None:
    runs = begin()
    runs.run()
    runs.state = of_main_before(runs.state)
    runs.control.add_webinar()
    assert runs.run(start_date="2026-03-10T00:00:00Z").exit_code == 0


# A list that is no witness


@pytest.fixture
def state_of_another(begin: Begin) -> dict[str, Any]:
    """The state of another connection, as it was before it said whose it is."""
    another = begin(2)
    another.run()
    return of_main_before(another.state)


def test_an_empty_list_says_nothing(begin: Begin, state_of_another: dict[str, Any]) -> None:
    assert not refuses(begin(webinars=0), state_of_another)


def test_a_list_that_is_not_complete_says_nothing(begin: Begin, state_of_another: dict[str, Any]) -> None:
    runs = begin(organizers=2)
    runs.control.configure(forbidden=runs.organizers()[1:])
    assert not refuses(runs, state_of_another, organizer_keys=runs.organizers(), on_forbidden="skip")


def test_one_shared_webinar_is_enough(begin: Begin, state_of_another: dict[str, Any]) -> None:
    runs = begin()
    entries = state_of_another["bookmarks"]["registrants"]["webinars"]
    entries[next(iter(runs.webinars()))] = {"count": 3}
    assert not refuses(runs, state_of_another)


# Where GoTo does not tell


@pytest.mark.usefixtures("few_tries")
def test_a_look_up_that_fails_is_made_once_and_the_keys_tell(begin: Begin) -> None:
    runs, other = begin(), begin(2)
    for each in (runs, other):
        each.run("organizers", *WEBINARS, **configured(each, "organizer_keys"))
        each.control.configure(faults=[Fault(kind="status", status=503, path=f"{IDENTITY_PATH}|{ADMIN_PATH}")])
    whose = configured(runs, "organizer_keys")
    assert emitted(runs.run("organizers", *WEBINARS, **whose)) == {}
    assert len(runs.calls(f"{IDENTITY_PATH}|{ADMIN_PATH}")) == 4
    assert refuses(runs, other.state or {}, "organizers", *WEBINARS, **whose)


def test_a_user_whom_goto_does_not_tell_keeps_the_state_and_another_does_not_get_it(begin: Begin) -> None:
    narrow = {"identity": "forbidden", "admin": "narrow"}
    runs, other = begin(**narrow), begin(2, **narrow)
    whose = configured(runs, "organizer_keys")
    runs.run("organizers", *WEBINARS, **whose)
    assert (runs.state or {})["origin"]["owner"] is None
    assert is_idle(runs.run("organizers", *WEBINARS, **whose))
    assert refuses(other, runs.state or {}, "organizers", *WEBINARS, **configured(other, "organizer_keys"))


# When the owner really changed


def test_without_its_owner_a_state_goes_to_whoever_reads_the_same_webinars(begin: Begin) -> None:
    """An administrator has left, and another one reads the account: the state was made with the old one's token."""
    runs = begin()
    runs.run("organizers", *WEBINARS, account_key=runs.account())
    state = copy.deepcopy(runs.state or {})
    state["origin"]["owner"] = "ffffffffffff"
    assert refuses(runs, state, "organizers", *WEBINARS, account_key=runs.account())
    state["origin"]["owner"] = None
    runs.state = state
    assert is_idle(runs.run("organizers", *WEBINARS, account_key=runs.account()))


def test_the_origin_names_nobody(begin: Begin) -> None:
    runs = begin(organizers=2)
    runs.run("organizers", "registrants", account_key=runs.account())
    state = json.dumps(runs.state)
    assert not any(key in state for key in [*runs.organizers(), runs.account()])
