"""`make demo` shows what it promises, and leaves nothing behind however it ends."""

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit
from urllib.request import url2pathname

import psutil
import psycopg
import pytest

from demo.project import REPOSITORY

pytestmark = [pytest.mark.slow, pytest.mark.external]


@pytest.fixture
def temporary() -> Iterator[Path]:
    """A folder for temporary files that the user the database runs as may enter too."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        yield Path(folder)


@contextmanager
def demo(temporary: Path, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """The demo as someone runs it behind a proxy, in an odd locale, with settings of their own for the real thing."""
    foreign = {
        "HTTP_PROXY": "http://127.0.0.1:9",
        "LC_ALL": "C",
        "PGHOST": "db.invalid",
        "PYTHONCOERCECLOCALE": "0",
        "PYTHONUTF8": "0",
        "TAP_GOTOWEBINAR_PERSONAL_ACCESS_TOKEN": "x",
    }
    with subprocess.Popen(
        [sys.executable, "-m", "demo"],
        cwd=REPOSITORY,
        env={**os.environ, **foreign, **variables, "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        yield process


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_second_run_brings_exactly_what_is_new_and_everything_is_kept_until_ctrl_c(temporary: Path) -> None:
    with demo(temporary, KEEP="1") as process:
        assert process.stdout is not None
        output = "".join(until(process.stdout, "Press Ctrl-C"))
        third_run = follow(output)
        assert "LOG_FORMAT" not in env_file(output)
        process.send_signal(signal.SIGINT)
        output += process.communicate()[0]
    assert process.returncode == 0, output
    assert "The second run wrote exactly these 8 registrants" in output
    assert "All 5 leads went to GoToWebinar and came back as registrants." in output
    assert re.search(r"PostgreSQL holds exactly what GoToWebinar had: 15 webinars, \d{3} registrants\.", output)
    assert re.search(r"Built \d+ models of the data, and all \d+ checks of it passed\.", output)
    pages = [Path(url2pathname(urlsplit(line.strip()).path)) for line in output.splitlines() if "file:///" in line]
    assert [page.name for page in pages] == ["webinars.html", "people.html"]
    webinars, people = (page.read_text(encoding="utf-8") for page in pages)
    assert "The beekeeper" in webinars
    assert "Who comes most?" in people
    assert re.search(r"registrants +3 ", third_run), third_run
    assert re.search(r"registrant_removals +1 ", third_run), third_run
    assert list(temporary.iterdir()) == []


def until(lines: IO[str], words: str) -> Iterator[str]:
    """Yield the lines up to the first one with these words."""
    for line in lines:
        yield line
        if words in line:
            return


def env_file(output: str) -> str:
    """The variables that the demo leaves for other shells."""
    ((folder, name),) = re.findall(r"cd (\S+) && set -a && \. \./(\S+) ", output)
    return Path(folder, name).read_text(encoding="utf-8")


def follow(output: str) -> str:
    """Do what the demo says at its end: look into the database, let things happen, load again."""
    (address,) = re.findall(r"psql (postgresql://\S+)", output)
    with psycopg.connect(address) as connection:
        assert connection.execute("select count(*) from gotowebinar_sandbox.webinars").fetchone() == (15,)
    commands = output[output.index("  cd ") : output.index("Press Ctrl-C")]
    return subprocess.run(
        ["/bin/sh", "-ec", commands], check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ).stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_nothing_is_left_when_it_is_stopped_in_the_middle(temporary: Path, number: signal.Signals) -> None:
    with demo(temporary) as process:
        assert process.stdout is not None
        assert any("Running catalog discovery" in line for line in process.stdout)
        started = psutil.Process(process.pid).children(recursive=True)
        assert {"postgres", "meltano"} <= {child.name() for child in started}
        process.send_signal(number)
        process.communicate()
    assert process.returncode == 128 + number
    assert [child for child in started if child.is_running()] == []
    assert list(temporary.iterdir()) == []
