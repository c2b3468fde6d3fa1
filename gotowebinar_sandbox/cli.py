"""The command ``gotowebinar-sandbox``: serve a sandbox, run a command against one, or change a running one."""

import argparse
import contextlib
import dataclasses
import os
import pathlib
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from types import FrameType
from typing import Any

import msgspec

from gotowebinar_sandbox.control.actions import URL_VARIABLE, WHERE, act, add_actions
from gotowebinar_sandbox.options import Options, from_plain
from gotowebinar_sandbox.sandbox import LOOPBACK, Sandbox

SERVER_LIBRARIES = {"starlette", "uvicorn"}
ENV_FILE_MARK = "# Where the sandbox of 'gotowebinar-sandbox serve' is"
SIGNALS = (signal.SIGINT, signal.SIGTERM)
A_MONTH = 30 * 24 * 3600
NOT_FOUND = 127
KILLED = 128
VARIABLES = ("api_url", "auth_url", "client_id", "client_secret", "refresh_token", "token_path")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    chosen = _chosen(sys.argv[1:] if arguments is None else arguments)
    try:
        if "action" in chosen:
            sys.stdout.write(f"{act(chosen)}\n")
            return 0
        with Sandbox(_options(chosen), host=chosen["host"], port=chosen["port"]) as sandbox:
            if "argv" in chosen:
                return run_command(chosen["argv"], environment(sandbox))
            return _serve(sandbox, chosen["env_file"])
    except ModuleNotFoundError as error:
        if error.name not in SERVER_LIBRARIES:
            raise
        problem = f"{error.name} is missing: install tap-gotowebinar with the extra sandbox (docs/install.md)"
    except (ValueError, OSError) as error:
        problem = str(error)
    sys.stderr.write(f"gotowebinar-sandbox: {problem}\n")
    return 1


def environment(sandbox: Sandbox) -> dict[str, str]:
    """Return the environment variables that point tap, target and other programs to a sandbox."""
    variables = {
        f"{program}_GOTOWEBINAR_{name.upper()}": sandbox.settings[name]
        for program in ("TAP", "TARGET")
        for name in VARIABLES
    }
    return {**variables, URL_VARIABLE: sandbox.url}


@contextlib.contextmanager
def env_file_of(path: pathlib.Path, variables: dict[str, str]) -> Iterator[None]:
    """Keep environment variables in a file, and delete it at the end unless another sandbox has written it since.

    Raises:
        ValueError: Something else wrote the file, or readers would interpret a value differently.
    """
    write_env_file(path, variables)
    written = path.read_text(encoding="utf-8")
    try:
        yield
    finally:
        with contextlib.suppress(FileNotFoundError):
            if path.read_text(encoding="utf-8") == written:
                path.unlink()


def write_env_file(path: pathlib.Path, variables: dict[str, str]) -> None:
    """Write environment variables to a file that both a shell and readers of ``.env`` understand.

    Raises:
        ValueError: Something else wrote the file, or readers would interpret a value differently.
    """
    if path.exists() and not path.read_text(encoding="utf-8").startswith(ENV_FILE_MARK):
        message = f"{path} was not written by 'serve --env-file': name another file, or delete it"
        raise ValueError(message)
    if odd := [value for value in variables.values() if set(value) & set("'\\\n")]:
        message = f"{odd[0]!r} cannot be written to {path}: readers of .env would interpret it differently"
        raise ValueError(message)
    lines = (f"{name}={shlex.quote(value)}\n" for name, value in variables.items())
    path.write_text(f"{ENV_FILE_MARK}; for: set -a; . FILE; set +a\n{''.join(lines)}", encoding="utf-8")


def run_command(argv: Sequence[str], variables: Mapping[str, str]) -> int:
    """Run a command with additional environment variables, and forward signals to it.

    Returns:
        Its exit code; 128 plus the signal's number if a signal ended it, 127 if there is no such command.
    """
    pending: list[int] = []
    process: subprocess.Popen[bytes] | None = None

    def forward(number: int, _frame: FrameType | None) -> None:
        if process is None:
            pending.append(number)
        elif not (number == signal.SIGINT and _typed_at_terminal()):
            process.send_signal(number)

    before = {number: signal.signal(number, forward) for number in SIGNALS}
    try:
        process = subprocess.Popen(list(argv), env={**os.environ, **variables})  # noqa: S603 - the user's own command
        for number in pending:
            process.send_signal(number)
        # Without a limit it may miss a signal that arrives just before it blocks; with one it checks every 50 ms.
        code = process.wait(A_MONTH)
    except OSError as error:
        sys.stderr.write(f"gotowebinar-sandbox: {argv[0]}: {error.strerror}\n")
        return NOT_FOUND
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return KILLED - code if code < 0 else code


def _typed_at_terminal() -> bool:
    """Return whether a SIGINT comes from Ctrl-C, which the terminal sends to the command, too."""
    try:
        with pathlib.Path("/dev/tty").open("rb") as terminal:
            return os.tcgetpgrp(terminal.fileno()) == os.getpgrp()
    except OSError:
        return False


def _serve(sandbox: Sandbox, env_file: pathlib.Path | None) -> int:
    stop = threading.Event()
    for number in SIGNALS:
        signal.signal(number, lambda _number, _frame: stop.set())
    how = "export " + " ".join(f"{name}={value}" for name, value in environment(sandbox).items())
    with contextlib.ExitStack() as at_end:
        if env_file is not None:
            at_end.enter_context(env_file_of(env_file, environment(sandbox)))
            how = f"set -a; . {shlex.quote(str(env_file.resolve()))}; set +a"
        sys.stdout.write(f"{sandbox.url} is a GoToWebinar sandbox; to use it with tap and target: {how}\n")
        sys.stdout.flush()
        # As in `run_command`: without a limit it may miss a signal.
        while not stop.wait(1):
            pass
    return 0


def _chosen(arguments: Sequence[str]) -> dict[str, Any]:
    """Return what the arguments say; if they make no sense, end the program."""
    parser = _parser()
    known, unknown = parser.parse_known_args(arguments)
    chosen = vars(known)
    if unknown and "argv" in chosen and "--" not in arguments:
        parser.error(f"put -- before the command: gotowebinar-sandbox exec -- {chosen['argv'][0]} ...")
    if unknown:
        parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    return chosen


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="gotowebinar-sandbox",
        description="A GoToWebinar with made-up data on your machine. COMMAND --help lists the options of a command.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    serve = commands.add_parser("serve", help="run a sandbox until you stop it with Ctrl-C")
    execute = commands.add_parser("exec", help="start a sandbox, run a command against it, then stop it")
    for command in (serve, execute):
        command.add_argument("--host", default=LOOPBACK, help="loopback address to listen on (default: %(default)s)")
        command.add_argument("--port", type=int, default=0, help="port to listen on (default: a free one)")
        for option in dataclasses.fields(Options):
            _add_option(command, option)
    serve.add_argument(
        "--env-file",
        type=pathlib.Path,
        metavar="PATH",
        help="write the variables that tap and target need to this file, for 'set -a; . PATH; set +a' or as .env",
    )
    do = commands.add_parser("do", help="change a running sandbox", description=f"Change a running sandbox. {WHERE}")
    add_actions(do)
    execute.add_argument("argv", nargs="+", metavar="CMD", help="after --: the command and its arguments")
    return parser


def _add_option(parser: argparse.ArgumentParser, option: dataclasses.Field[Any]) -> None:
    """Add an option of the sandbox; without it the result has no such attribute."""
    shown = "" if option.default is None or isinstance(option.default, tuple) else f" (default: {option.default})"
    how: dict[str, Any] = {"default": argparse.SUPPRESS, "help": f"{option.metadata['help']}{shown}"}
    if option.name == "faults":
        how |= {"type": msgspec.json.decode, "metavar": "JSON"}
    elif isinstance(option.default, bool):
        how |= {"action": argparse.BooleanOptionalAction}
    elif isinstance(option.default, tuple):
        how |= {"action": "append", "metavar": "VALUE"}
    else:
        how |= {"metavar": "NUMBER" if option.type in {int, float} else "VALUE"}
    parser.add_argument(f"--{option.name.replace('_', '-')}", **how)


def _options(chosen: dict[str, Any]) -> Options:
    names = {option.name for option in dataclasses.fields(Options)}
    return from_plain({name: value for name, value in chosen.items() if name in names}, strict=False)


if __name__ == "__main__":
    sys.exit(main())
