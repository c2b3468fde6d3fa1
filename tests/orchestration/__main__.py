"""Twenty connections on two workers, one of which dies with all it runs: what is in PostgreSQL in the end.

Prints a Markdown table; the exit code is 1 when a row is lost, invented or doubled.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import psutil

from demo.postgres import Postgres
from tests.orchestration.cluster import HEARTBEAT_TIMEOUT, RUNS_PER_WORKER, Cluster, kill_tree
from tests.orchestration.site import Machine, Site, system_database
from tests.warehouse import Difference, difference, total

CONNECTIONS: Final = 20
MID_RUN: Final = 25
"""Calls after which a run has begun to read, and is far from its end."""

TIMEOUT: Final = 30 * 60.0
"""Seconds for all runs; a killed one waits for five minutes, once or twice."""

Report = list[tuple[str, str]]


class Killed(NamedTuple):
    """What the death of a machine cut off: the connections, and when it was, in monotonic seconds."""

    names: list[str]
    at: float


def main() -> int:
    names = [f"team{number:02}" for number in range(1, CONNECTIONS + 1)]
    with tempfile.TemporaryDirectory(prefix="reach-") as folder, Postgres() as database:
        options = {"webinars": 3, "registrants": 20, "latency": 0.15}
        with Site(Path(folder) / "site", names, database, **options) as site:
            for name in names:
                site.write_secrets(name, max_concurrency=2)
            return report(*prove(site))


def prove(site: Site) -> tuple[Report, Difference]:
    """Run all connections once, kill a machine on the way, and compare."""
    head, first, second = (
        site.machine(name, MELTANO_DATABASE_URI=system_database(site.database)) for name in ("head", "first", "second")
    )
    say("Meltano makes its tables")
    code, printed = Machine(site.project, head.variables).run("state", "list", program="meltano")
    assert code == 0, printed
    began = time.monotonic()
    with Cluster(site, site.copy_of_orchestration(schedule="@once"), head) as cluster:
        survivor = cluster.start_worker(first)
        doomed = cluster.start_worker(second)
        say("both workers have begun; waiting until the second one is in the middle of its runs")
        killed = kill_in_mid_run(site, doomed)
        say(f"killed the second worker with {', '.join(killed.names)}")
        noticed = wait_until(lambda: not in_doubt(cluster, killed), "Airflow has not noticed") - killed.at
        say("Airflow has noticed; its retries wait for the lock of Meltano")
        ended = wait_until(lambda: is_over(cluster, survivor), "some runs have not ended")
        states = [state for (state,) in cluster.query("SELECT state FROM dag_run")]
    finished = [name for name in killed.names if (first.folders / name).is_dir()]
    found = total(difference(site.database, site.schema(name), box) for name, box in site.sandboxes.items())
    return [
        ("connections, each with a sandbox of its own", f"{CONNECTIONS}"),
        ("workers, runs at a time on each", f"2, {RUNS_PER_WORKER}"),
        ("killed with the second worker in mid-run", f"{len(killed.names)}"),
        (f"until Airflow noticed (time-out: {HEARTBEAT_TIMEOUT} s)", f"{noticed:.0f} s"),
        ("of those finished by the other worker", f"{len(finished)}"),
        ("runs that succeeded in the end", f"{states.count('success')}"),
        ("from the start to the end of the last run", f"{ended - began:.0f} s"),
        ("rows in PostgreSQL", f"{found.rows:,}"),
        ("lost", f"{found.lost}"),
        ("invented", f"{found.invented}"),
        ("doubled", f"{found.doubled}"),
    ], found


def kill_in_mid_run(site: Site, worker: psutil.Process) -> Killed:
    """Kill a worker and all it has started, when at least two of its runs have read something and not everything."""

    def running() -> list[str]:
        check_alive(worker)
        return [name for name in names_of_taps(worker) if len(site.sandboxes[name].control.calls()) >= MID_RUN]

    wait_until(lambda: len(running()) > 1, "the worker has not begun")
    names = sorted(names_of_taps(worker))
    at = time.monotonic()
    kill_tree(worker)
    return Killed(names, at)


def names_of_taps(worker: psutil.Process) -> set[str]:
    """Return the connections whose tap is a descendant of a process."""
    found = set()
    for process in worker.children(recursive=True):
        try:
            if any(word.endswith("/tap-gotowebinar") for word in process.cmdline()):
                found.add(Path(process.environ()["MELTANO_SYS_DIR_ROOT"]).name)
        except (psutil.NoSuchProcess, KeyError):
            continue
    return found


def in_doubt(cluster: Cluster, killed: Killed) -> set[str]:
    """Return the connections whose killed run Airflow still takes for a running one."""
    running = cluster.query("SELECT dag_id FROM task_instance WHERE state = 'running' AND try_number = 1")
    return {str(dag_id) for (dag_id,) in running} & {f"gotowebinar__{name}" for name in killed.names}


def is_over(cluster: Cluster, worker: psutil.Process) -> bool:
    """Whether every connection has had its run; a worker has to be there for that."""
    check_alive(worker)
    ((count,),) = cluster.query("SELECT count(*) FROM dag_run WHERE state IN ('success', 'failed')")
    return count == CONNECTIONS


def check_alive(worker: psutil.Process) -> None:
    if worker.status() == psutil.STATUS_ZOMBIE:
        msg = "a worker has ended by itself"
        raise RuntimeError(msg)


def wait_until(condition: Callable[[], bool], otherwise: str) -> float:
    """Wait until something is so, half an hour at most; return when that was, in monotonic seconds."""
    until = time.monotonic() + TIMEOUT
    while not condition():
        if time.monotonic() > until:
            raise TimeoutError(otherwise)
        time.sleep(0.5)
    return time.monotonic()


def report(rows: Sequence[tuple[str, str]], found: Difference) -> int:
    lines = ["| | |", "|---|---:|", *(f"| {what} | {figure} |" for what, figure in rows)]
    sys.stdout.write("\n" + "\n".join(lines) + "\n")
    return 0 if found.is_none else 1


def say(line: str) -> None:
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
