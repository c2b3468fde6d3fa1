"""The command line: what is asked, what is said, and every failure one line."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import webbrowser
from typing import TYPE_CHECKING, Any, Final

import click

from tap_gotowebinar.api.auth.token_endpoint import LOGIN
from tap_gotowebinar.api.errors import GoToWebinarError, internal_error
from tap_gotowebinar.api.identity import UNKNOWN_OWNER
from tap_gotowebinar.login import messages
from tap_gotowebinar.login.browser import RedirectListener
from tap_gotowebinar.login.flow import Login, owner
from tap_gotowebinar.login.settings import VARIABLES, configured, for_check, for_login, names_whose, with_client
from tap_gotowebinar.settings.connection import DISTRIBUTION, SECRETS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tap_gotowebinar.settings.connection import ConnectionSettings

DEFAULT_REDIRECT_URI: Final = "http://localhost:8914/callback"
"""What the README says to register."""

PATIENCE: Final = 300
"""Seconds that a person has to log in, unless they say otherwise."""

INTERRUPTED: Final = 130
"""Exit code of what Ctrl-C ended."""


@click.command(
    help="Let the tap read your GoToWebinar: log in with a browser, once. Settings are those of the tap: "
    "TAP_GOTOWEBINAR_CLIENT_ID and its like, in the environment or in a file .env in this folder, or a file named by "
    "--config. A client ID or secret that is missing is asked for."
)
@click.option("--check", is_flag=True, help="Log nobody in: say whose the credentials are that the tap uses.")
@click.option("--config", "files", multiple=True, metavar="FILE", help="The tap's JSON file of settings.")
@click.option(
    "--redirect-uri",
    default=DEFAULT_REDIRECT_URI,
    show_default=True,
    metavar="URI",
    help="A redirect URI that is registered with the OAuth client, to the letter.",
)
@click.option("--no-browser", is_flag=True, help="Open no browser: show the address, and take what is pasted.")
@click.option(
    "--timeout",
    type=click.IntRange(1, 86400),
    default=PATIENCE,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for the browser.",
)
@click.option("--show-token", is_flag=True, help="Print the refresh token, for a machine that nobody can log in on.")
@click.version_option(package_name=DISTRIBUTION)
def cli(  # noqa: PLR0913 - the options
    *, check: bool, files: tuple[str, ...], redirect_uri: str, no_browser: bool, timeout: int, show_token: bool
) -> None:
    """Log in, or check what is there."""
    with _one_line_errors():
        config = configured(files)
        if check:
            _say_whose(for_check(config), config)
            return
        login = Login(for_login(with_client(config)), redirect_uri)
        if no_browser:
            _say(messages.pasting(login.address, redirect_uri))
            login.finish(_pasted())
        else:
            _browse(login, redirect_uri, timeout)
        _say(messages.stored(login.settings.token_store, config))
        if show_token:
            _say([f"refresh_token: {login.refresh_token}"])
        _say_whose(login.settings, config)


def _pasted() -> str:
    try:
        return str(click.prompt("Address", err=True)).strip(" \"'")
    except click.Abort:
        if sys.stdin.isatty():
            raise
        msg = "no address was pasted: start again where you can type"
        raise GoToWebinarError(msg) from None


def _browse(login: Login, redirect_uri: str, seconds: float) -> None:
    """Finish a login through a browser that is sent back to us."""
    with RedirectListener(redirect_uri) as listener:
        _say(messages.opening(login.address))
        for name in SECRETS:
            # The browser inherits the environment.
            os.environ.pop(VARIABLES + name.upper(), None)
        # A browser that runs in a terminal returns only when it is closed.
        threading.Thread(target=webbrowser.open, args=(login.address,), daemon=True).start()
        answer = listener.wait(seconds)
        page = messages.FAILED
        try:
            login.finish(answer.address)
            page = messages.DONE
        finally:
            answer.reply(*page)


def _say_whose(settings: ConnectionSettings, config: Mapping[str, Any]) -> None:
    found = owner(settings)
    if found is not None:
        _say(messages.whose(found))
    elif names_whose(config):
        _say([messages.UNNAMED])
    else:
        raise GoToWebinarError(UNKNOWN_OWNER)


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)


@contextlib.contextmanager
def _one_line_errors() -> Iterator[None]:
    """Turn every failure into a line and an exit code."""
    code = 1
    try:
        yield
    except (KeyboardInterrupt, click.Abort):
        line, code = "stopped", INTERRUPTED
    except (GoToWebinarError, OSError) as error:
        line = str(error)
    except Exception as error:  # noqa: BLE001 - the last resort
        line = internal_error(error)
    else:
        return
    click.echo(f"{LOGIN}: {line}", err=True)
    sys.exit(code)
