"""The command ``gotowebinar-sandbox``: serve a sandbox, or run a command against one."""

import argparse
import dataclasses
import signal
import sys
import threading
from collections.abc import Sequence
from types import FrameType
from typing import Any

import msgspec

from gotowebinar_sandbox.options import Options, from_plain
from gotowebinar_sandbox.running import LOOPBACK, Sandbox
from gotowebinar_sandbox.supervision import run_command

SERVER_LIBRARIES = {"starlette", "uvicorn"}
VARIABLES = ("api_url", "auth_url", "client_id", "client_secret", "refresh_token", "token_path")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    parser = _parser()
    chosen = vars(parser.parse_args(arguments))
    try:
        sandbox = Sandbox(_options(chosen), host=chosen["host"], port=chosen["port"])
        with sandbox:
            return run_command(chosen["words"], environment(sandbox)) if "words" in chosen else _serve(sandbox)
    except ModuleNotFoundError as error:
        if error.name not in SERVER_LIBRARIES:
            raise
        return _complain(f"{error.name} is missing: pip install 'tap-gotowebinar[sandbox]'")
    except (ValueError, OSError) as error:
        return _complain(str(error))


def environment(sandbox: Sandbox) -> dict[str, str]:
    """Return the environment variables that point tap and target, or anything else, to a sandbox."""
    variables = {
        f"{program}_GOTOWEBINAR_{name.upper()}": sandbox.settings[name]
        for program in ("TAP", "TARGET")
        for name in VARIABLES
    }
    return {**variables, "GOTOWEBINAR_SANDBOX_URL": sandbox.url}


def _serve(sandbox: Sandbox) -> int:
    stop = threading.Event()

    def _stop(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    variables = " ".join(f"{name}={value}" for name, value in environment(sandbox).items())
    sys.stdout.write(f"{sandbox.url} is a GoToWebinar; point tap and target to it with: export {variables}\n")
    sys.stdout.flush()
    stop.wait()
    return 0


def _complain(message: str) -> int:
    sys.stderr.write(f"gotowebinar-sandbox: {message}\n")
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="gotowebinar-sandbox", description="A GoToWebinar that runs on your machine.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    serve = commands.add_parser("serve", help="run until interrupted")
    execute = commands.add_parser("exec", help="run a command against a sandbox, then stop it")
    for command in (serve, execute):
        command.add_argument("--host", default=LOOPBACK, help="loopback address to listen on (default: %(default)s)")
        command.add_argument("--port", type=int, default=0, help="port to listen on (default: a free one)")
        for option in dataclasses.fields(Options):
            _add_option(command, option)
    execute.add_argument("words", nargs="+", metavar="CMD", help="after --: the command and its arguments")
    return parser


def _add_option(parser: argparse.ArgumentParser, option: dataclasses.Field[Any]) -> None:
    """Add an option of the sandbox; what is not given stays out of the result."""
    shown = "" if option.default is None or isinstance(option.default, tuple) else f" (default: {option.default})"
    how: dict[str, Any] = {"default": argparse.SUPPRESS, "help": f"{option.metadata['help']}{shown}"}
    if option.name == "faults":
        how |= {"type": msgspec.json.decode, "metavar": "JSON"}
    elif isinstance(option.default, bool):
        how |= {"action": argparse.BooleanOptionalAction}
    elif isinstance(option.default, tuple):
        how |= {"action": "append", "metavar": "VALUE"}
    else:
        how |= {"metavar": "VALUE"}
    parser.add_argument(f"--{option.name.replace('_', '-')}", **how)


def _options(chosen: dict[str, Any]) -> Options:
    names = {option.name for option in dataclasses.fields(Options)}
    return from_plain({name: value for name, value in chosen.items() if name in names}, strict=False)


if __name__ == "__main__":
    sys.exit(main())
