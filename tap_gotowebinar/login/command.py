"""The command line of the login; every failure is one line."""

import contextlib
import os
import sys
import threading
import webbrowser
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import click

from tap_gotowebinar.api.auth.token_endpoint import LOGIN
from tap_gotowebinar.api.errors import GoToWebinarError, internal_error
from tap_gotowebinar.api.identity import UNKNOWN_OWNER
from tap_gotowebinar.login import messages
from tap_gotowebinar.login.browser import RedirectListener
from tap_gotowebinar.login.flow import Login, owner
from tap_gotowebinar.login.settings import ENV_PREFIX, configured, for_check, for_login, has_explicit_scope, with_client
from tap_gotowebinar.settings.connection import DISTRIBUTION, SECRETS, ConnectionSettings

DEFAULT_REDIRECT_URI: Final = "http://localhost:8914/callback"
"""The one that the README tells people to register."""


@click.command(
    help="Log in to GoToWebinar with a browser, once, so that the tap can read your webinars. The client ID and secret "
    "of your OAuth client come from TAP_GOTOWEBINAR_CLIENT_ID and TAP_GOTOWEBINAR_CLIENT_SECRET, in the environment or "
    "in the file .env of this folder, or from a file that you name with --config. The command asks for a missing one."
)
@click.option("--check", is_flag=True, help="Do not log in: print whose credentials the tap uses.")
@click.option("--config", "files", multiple=True, metavar="FILE", help="JSON file with the settings of the tap.")
@click.option(
    "--redirect-uri",
    default=DEFAULT_REDIRECT_URI,
    show_default=True,
    metavar="URI",
    help="A redirect URI of the OAuth client, exactly as it is registered.",
)
@click.option(
    "--no-browser",
    is_flag=True,
    help="Open no browser: print the address to open, and ask for the address that the browser shows in the end.",
)
@click.option(
    "--timeout",
    type=click.IntRange(1, 86400),
    default=300,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for the browser.",
)
@click.option("--show-token", is_flag=True, help="Also print the refresh token, to use it where you cannot log in.")
@click.version_option(package_name=DISTRIBUTION)
def cli(  # noqa: PLR0913 - the options
    *, check: bool, files: tuple[str, ...], redirect_uri: str, no_browser: bool, timeout: int, show_token: bool
) -> None:
    """Log in, or check the credentials."""
    with _one_line_errors():
        config = configured(files)
        if check:
            _print_owner(for_check(config), config)
            return
        login = Login(for_login(with_client(config)), redirect_uri)
        if no_browser:
            _print(messages.paste_lines(login.address, redirect_uri))
            login.finish(_pasted())
        else:
            _browse(login, redirect_uri, timeout)
        _print(messages.storage_lines(login.settings.token_store, config))
        if show_token:
            _print([f"refresh_token: {login.refresh_token}"])
        _print_owner(login.settings, config)


def _pasted() -> str:
    try:
        return str(click.prompt("Address", err=True)).strip(" \"'")
    except click.Abort:
        if sys.stdin.isatty():
            raise
        msg = "no address was pasted: start again where you can type"
        raise GoToWebinarError(msg) from None


def _browse(login: Login, redirect_uri: str, seconds: float) -> None:
    """Finish a login in a browser on this machine."""
    with RedirectListener(redirect_uri, login.finish) as listener:
        _print(messages.browser_lines(login.address))
        for name in SECRETS:
            # The browser inherits the environment.
            os.environ.pop(ENV_PREFIX + name.upper(), None)
        # In a thread: a browser that runs in a terminal returns when it is closed.
        threading.Thread(target=webbrowser.open, args=(login.address,), daemon=True).start()
        listener.wait(seconds)


def _print_owner(settings: ConnectionSettings, config: Mapping[str, Any]) -> None:
    found = owner(settings)
    if found is not None:
        _print(messages.owner_lines(found))
    elif has_explicit_scope(config):
        _print([messages.UNKNOWN_PERSON])
    else:
        raise GoToWebinarError(UNKNOWN_OWNER)


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)


@contextlib.contextmanager
def _one_line_errors() -> Iterator[None]:
    """Turn every failure into a line and an exit code."""
    code = 1
    try:
        yield
    except (KeyboardInterrupt, click.Abort):
        line, code = "stopped", 130
    except (GoToWebinarError, OSError) as error:
        line = str(error)
    except Exception as error:  # noqa: BLE001 - the last resort
        line = internal_error(error)
    else:
        return
    click.echo(f"{LOGIN}: {line}", err=True)
    sys.exit(code)
