"""Starting a program as a process of its own, many times and quickly, to send it signals and to read it as a pipe."""

import atexit
import contextlib
import fcntl
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any, Self

from tests.runs import Run

CHUNK = 4096
TIMEOUT = 60.0
PROGRAMS = {"tap": "tap-gotowebinar", "target": "target-gotowebinar", "login": "tap-gotowebinar-login"}
"""The commands, by what tests call them."""


class Launched:
    """A running program. Its output is read in a thread, like a target would, unless the reading is held.

    Attributes:
        pid: Its process.
        received: What it has written so far, as far as it was read.
        reading: Set while the reader reads.
        inlet: Its standard input, if somebody types; who reads it to its end waits until this is closed.
    """

    def __init__(self, pid: int, output: int, channel: socket.socket, errors: Path) -> None:
        self.inlet: IO[bytes] | None = None
        self.pid = pid
        self.received = bytearray()
        self.reading = threading.Event()
        self.pause: Callable[[], float] = lambda: 0.0
        self._output = output
        self._channel = channel
        self._errors = errors
        self._code: int | None = None
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._waiter = threading.Thread(target=self._wait, daemon=True)
        self._waiter.start()
        self._reader.start()

    @property
    def is_running(self) -> bool:
        return self._waiter.is_alive()

    def send(self, signum: int) -> None:
        """Send it a signal, if it still runs."""
        if self.is_running:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signum)

    def wait_for(self, condition: Callable[[], bool], *, seconds: float = TIMEOUT) -> bool:
        """Wait until something is true or the process has ended; return whether it is true."""
        until = time.monotonic() + seconds
        while not condition():
            if not self.is_running or time.monotonic() > until:
                return condition()
            time.sleep(0.001)
        return True

    def hang_up(self) -> None:
        """Close the pipe, as a target that dies does; the reading must not have begun."""
        os.close(self._output)
        self._output = -1

    def finish(self, timeout: float = TIMEOUT) -> Run:
        """Read it to its end, which is at most so many seconds away."""
        if self.inlet is not None:
            with contextlib.suppress(BrokenPipeError):
                self.inlet.close()
        self.reading.set()
        self._waiter.join(timeout)
        self._reader.join(TIMEOUT)
        if self._code is None:
            self.send(signal.SIGKILL)
            said = self._errors.read_text(encoding="utf-8")[-2000:]
            message = f"the program did not end; it said last: {said}"
            raise TimeoutError(message)
        return Run(self._code, self.received.decode(errors="replace"), self._errors.read_text(encoding="utf-8"))

    def _read(self) -> None:
        self.reading.wait()
        if self._output < 0:
            return
        while data := os.read(self._output, CHUNK):
            self.received += data
            time.sleep(self.pause())
        os.close(self._output)

    def _wait(self) -> None:
        with self._channel:
            self._code = int(_line(self._channel))


class Launcher:
    """Starts programs, each as a process of its own. The first one starts the process that has them imported."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runs = itertools.count()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._channel.close()
            self._process.wait(TIMEOUT)
            self._process = None
            self._temporary.cleanup()

    @property
    def home(self) -> Path:
        """The folder in which programs run unless they are told another one, and where they find their `.env`."""
        self._start()
        return self._folder / "home"

    def _start(self) -> None:
        if self._process is not None:
            return
        self._temporary = tempfile.TemporaryDirectory()
        self._folder = Path(self._temporary.name)
        (self._folder / "home").mkdir()
        atexit.register(self.__exit__)
        self._channel, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.forkserver_child", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                cwd=Path(__file__).parent.parent,
            )

    def launch(  # noqa: PLR0913 - what makes a run
        self,
        settings: Mapping[str, Any] | None,
        *arguments: str,
        program: str = "tap",
        folder: Path | None = None,
        given: bytes | None = b"",
        given_pause: float = 0.0,
        state: Mapping[str, Any] | None = None,
        catalog: Mapping[str, Any] | None = None,
        now: str | None = None,
        state_interval: float | None = None,
        pipe_size: int | None = None,
        file_size: int | None = None,
        reading: bool = True,
        hurries: bool = False,
        environ: Mapping[str, str] | None = None,
        dotenv: bytes | None = None,
    ) -> Launched:
        """Start a run.

        Args:
            settings: The configuration, with a file of tokens of its own if it names none; None: as `arguments` say.
            arguments: Further arguments of the command line.
            program: Which program: `tap`, `target` or `login`.
            folder: Where it runs.
            given: Its standard input; None: what is written to `inlet`.
            given_pause: Seconds between two pieces of that.
            state: The state to start from.
            catalog: What is selected; what the tap selects by itself if None.
            now: Time at which its clock stands still.
            state_interval: Seconds between two STATE messages.
            pipe_size: Bytes that its standard output takes before someone reads them, where the system lets us choose.
            file_size: Bytes at which no file grows any more: the disk is full.
            reading: Whether its output is read from the start.
            hurries: Whether it waits a hundredth of what it should between tries.
            environ: Further variables of its environment.
            dotenv: What stands in the `.env` that it finds.
        """
        with self._lock:
            self._start()
            number = next(self._runs)
        folder = folder or self.home
        (self.home / ".env").unlink(missing_ok=True)
        if dotenv is not None:
            (folder / ".env").write_bytes(dotenv)
        words: list[str] = []
        if settings is not None:
            tokens = str(self._folder / f"tokens-{number}.json")
            words = ["--config", self._file(f"config-{number}", {"token_path": tokens, **settings})]
        for option, content in (("state", state), ("catalog", catalog)):
            words += [f"--{option}", self._file(f"{option}-{number}", content)] if content is not None else []
        request: dict[str, Any] = {"program": PROGRAMS[program], "arguments": [*words, *arguments], "hurries": hurries}
        request |= {"now": now, "state_interval": state_interval, "file_size": file_size}
        request |= {"folder": str(folder), "environ": {**os.environ, **(environ or {})}}
        errors = self._folder / f"errors-{number}"
        source, inlet = os.pipe()
        output, outlet = os.pipe()
        if pipe_size and hasattr(fcntl, "F_SETPIPE_SZ"):
            fcntl.fcntl(outlet, fcntl.F_SETPIPE_SZ, pipe_size)
        pid, teller = self._fork(self._file(f"request-{number}", request), source, outlet, errors)
        launched = Launched(pid, output, teller, errors)
        if given is None:
            launched.inlet = os.fdopen(inlet, "wb", buffering=0)
        else:
            threading.Thread(target=_feed, args=(inlet, given, given_pause), daemon=True).start()
        if reading:
            launched.reading.set()
        return launched

    def _fork(self, request: str, source: int, outlet: int, errors: Path) -> tuple[int, socket.socket]:
        """Start a run with these for its standard streams; return its process, and what its exit code comes from."""
        teller, theirs = socket.socketpair()
        with self._lock, theirs, errors.open("wb") as file:
            socket.send_fds(self._channel, [request.encode()], [source, outlet, file.fileno(), theirs.fileno()])
            # Until the answer: descriptors on their way have to stay open here.
            pid = int(_line(teller))
        os.close(source)
        os.close(outlet)
        return pid, teller

    def _file(self, name: str, content: Mapping[str, Any]) -> str:
        path = self._folder / f"{name}.json"
        path.write_text(json.dumps(content), encoding="utf-8")
        return str(path)


def _feed(inlet: int, given: bytes, pause: float) -> None:
    with contextlib.suppress(BrokenPipeError), open(inlet, "wb", buffering=0) as pipe:
        for start in range(0, len(given), CHUNK):
            pipe.write(given[start : start + CHUNK])
            time.sleep(pause)


def _line(channel: socket.socket) -> str:
    line = b""
    while not line.endswith(b"\n"):
        data = channel.recv(1)
        if not data:
            message = "the process that starts programs is gone"
            raise ConnectionError(message)
        line += data
    return line.decode()


SHARED = Launcher()
"""The one of this test run; `conftest.py` ends it."""


def run_command(
    settings: Mapping[str, Any],
    folder: Path,
    *arguments: str,
    **how: Any,  # noqa: ANN401 - as for `Launcher.launch`
) -> Run:
    config = folder / "config.json"
    config.write_text(json.dumps(settings), encoding="utf-8")
    return run_tap("--config", str(config), *arguments, **how)


def run_tap(*arguments: str, env: Mapping[str, str] | None = None, **how: Any) -> Run:  # noqa: ANN401 - as above
    """Run the command line of the tap in a process of its own, which has everything imported already."""
    return SHARED.launch(None, *arguments, folder=Path.cwd(), environ=env, **how).finish()
