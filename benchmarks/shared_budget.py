"""One rate budget for eight processes: this tap's beside `limits` and `pyrate-limiter`, on the same work.

Every process calls a sandbox with a strict sliding window as often as its limiter lets it, for half a minute. An answer
takes up to half a second. Prints a Markdown table. `limits` needs a Redis: without the program redis-server it is left
out.

    pip install --group bench
    python -m benchmarks.shared_budget
"""

import argparse
import contextlib
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final

import requests

from demo.postgres import Postgres, free_port
from gotowebinar_sandbox import Options, Sandbox
from tap_gotowebinar.api.shared_rate_limiter import SharedRateLimiter

PROCESSES: Final = 8
THREADS: Final = 3
PER_WINDOW: Final = 40
WINDOW: Final = 6.0
WINDOWS: Final = 5
TOO_MANY: Final = 429
RETRY_PAUSE: Final = 0.5
SHARED_NAME: Final = "benchmark"


def shared(place: dict[str, str]) -> Callable[[], AbstractContextManager[object]]:
    """Return this tap's limiter."""
    limiter = SharedRateLimiter(place["database"], SHARED_NAME, PER_WINDOW, 20, longest_call=5, window=WINDOW)
    return limiter.slot


def pyrate_limiter(place: dict[str, str]) -> Callable[[], AbstractContextManager[object]]:
    """Return the limiter of pyrate-limiter, with its bucket in PostgreSQL."""
    from psycopg_pool import ConnectionPool  # noqa: PLC0415 - each process imports what it measures
    from pyrate_limiter import Limiter, PostgresBucket, Rate  # noqa: PLC0415

    pool = ConnectionPool(place["database"], min_size=1, max_size=3, open=True)
    limiter = Limiter(PostgresBucket(pool, SHARED_NAME, [Rate(PER_WINDOW, int(WINDOW * 1000))]))

    @contextlib.contextmanager
    def slot() -> Iterator[None]:
        limiter.try_acquire(SHARED_NAME)
        yield

    return slot


def limits(place: dict[str, str]) -> Callable[[], AbstractContextManager[object]]:
    """Return the moving window of limits, in Redis; it only rejects, so the caller tries again."""
    from limits import RateLimitItemPerSecond  # noqa: PLC0415
    from limits.storage import RedisStorage  # noqa: PLC0415
    from limits.strategies import MovingWindowRateLimiter  # noqa: PLC0415

    window = MovingWindowRateLimiter(RedisStorage(place["redis"]))
    rate = RateLimitItemPerSecond(PER_WINDOW, int(WINDOW))

    @contextlib.contextmanager
    def slot() -> Iterator[None]:
        while not window.hit(rate, SHARED_NAME):
            time.sleep(max(0.005, window.get_window_stats(rate, SHARED_NAME).reset_time - time.time()))
        yield

    return slot


CONTENDERS: Final = {"this tap": shared, "pyrate-limiter": pyrate_limiter, "limits": limits}


def main() -> None:
    """Measure everything, or run as one of the measured processes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.shared_budget", description=__doc__)
    parser.add_argument("--worker", choices=CONTENDERS, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.worker:
        work(CONTENDERS[chosen.worker], json.load(sys.stdin))
        return
    lines = [
        "| limiter | calls | 429 | budget used | longest wait s | CPU s of the processes |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    with Postgres() as database, redis() as redis_url:
        place = {"database": database.dsn, "redis": redis_url}
        for name in CONTENDERS:
            if name == "limits" and not redis_url:
                continue
            lines.append(measure(name, place))
    sys.stdout.write("\n".join(lines) + "\n")


def measure(name: str, place: dict[str, str]) -> str:
    """Return a row of the table."""
    options = Options(webinars=1, rate_limit=PER_WINDOW, rate_window=WINDOW, jitter=0.5)
    with Sandbox(options) as sandbox:
        task = json.dumps({**place, "url": sandbox.url, "token": token(sandbox)})
        command = [sys.executable, "-m", "benchmarks.shared_budget", "--worker", name]
        processes = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603 - ours
            for _ in range(PROCESSES)
        ]
        for process in processes:
            if process.stdin:
                process.stdin.write(task)
                process.stdin.close()
                process.stdin = None
        done = [json.loads(process.communicate()[0]) for process in processes]
        calls = [call for call in sandbox.control.calls() if call["path"] != "/oauth/token"]
    good = sorted(call["at"] for call in calls if call["status"] != TOO_MANY)
    used = sum(at < good[0] + WINDOWS * WINDOW for at in good) / (WINDOWS * PER_WINDOW)
    cells = [name, f"{len(calls)}", f"{len(calls) - len(good)}", f"{used:.2f}"]
    cells += [f"{max(process['longest'] for process in done):.1f}", f"{sum(process['cpu'] for process in done):.1f}"]
    return f"| {' | '.join(cells)} |"


def work(
    contender: Callable[[dict[str, str]], Callable[[], AbstractContextManager[object]]], task: dict[str, str]
) -> None:
    """Call the sandbox until the time is over, and print the longest wait and the CPU time."""
    slot = contender(task)
    until = time.monotonic() + WINDOW * (WINDOWS + 0.5)
    waits: list[float] = []

    def call() -> None:
        with requests.Session() as session:
            session.trust_env = False
            while (asked := time.monotonic()) < until:
                with slot():
                    waits.append(time.monotonic() - asked)
                    answer = session.get(
                        f"{task['url']}/identity/v1/Users/me",
                        headers={"Authorization": f"Bearer {task['token']}"},
                        timeout=30,
                    )
                if answer.status_code == TOO_MANY:
                    time.sleep(RETRY_PAUSE)

    threads = [threading.Thread(target=call) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    json.dump({"longest": max(waits), "cpu": time.process_time()}, sys.stdout)
    sys.stdout.flush()


def token(sandbox: Sandbox) -> str:
    """Return an access token of a sandbox."""
    given = sandbox.settings
    data = {"grant_type": "refresh_token", "refresh_token": given["refresh_token"]}
    with requests.Session() as session:
        session.trust_env = False
        answer: dict[str, Any] = session.post(
            f"{sandbox.url}/oauth/token", data=data, auth=(given["client_id"], given["client_secret"]), timeout=30
        ).json()
    return str(answer["access_token"])


@contextlib.contextmanager
def redis() -> Iterator[str]:
    """Yield the URL of a Redis that runs during the `with` block; empty without the program."""
    program = shutil.which("redis-server")
    if program is None:
        yield ""
        return
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        command = [program, "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", folder]
        with (Path(folder) / "log").open("wb") as log:
            server = subprocess.Popen(command, stdout=log, stderr=log)  # noqa: S603 - the program of the system
        try:
            while socket.socket().connect_ex(("127.0.0.1", port)):
                time.sleep(0.05)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
