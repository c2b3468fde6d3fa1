"""A page followed to the letter: its files written, its commands run one after the other in one shell."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from tests.pages import Block, Page

END = "-- end of block --"
TIMEOUT = 600.0


class Shown(NamedTuple):
    """A command of a page, what the page says that it prints, and what it printed."""

    command: str
    expected: str
    printed: str


def follow(page: Page, folder: Path, variables: Mapping[str, str]) -> list[Shown]:
    """Do what a page says in an empty folder.

    A block marked `run` is run; one marked `file: NAME` is written to that file first, unless it is there already; one
    marked `output` is what the block before it prints.
    """
    (folder / "page.sh").write_text(script(page, folder), encoding="utf-8")
    done = subprocess.run(
        ["/bin/sh", "-e", folder / "page.sh"],
        cwd=folder,
        env=surroundings(folder) | dict(variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        encoding="utf-8",
        timeout=TIMEOUT,
    )
    assert done.returncode == 0, done.stdout
    printed = done.stdout.split(f"{END}\n")
    return [Shown(*pair, text) for pair, text in zip(commands(page), printed, strict=False)]


def surroundings(folder: Path) -> dict[str, str]:
    """Variables under which nothing of the person at the keyboard gets in, and nothing stays."""
    foreign = ("MELTANO_", "TAP_GOTOWEBINAR_", "TARGET_", "PG", "XDG_")
    return {name: value for name, value in os.environ.items() if not name.startswith(foreign)} | {
        "PATH": os.pathsep.join([str(folder / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]]),
        "HOME": str(folder),
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
        "MELTANO_CLI_DISABLE_VERSION_CHECK": "1",
        "MELTANO_CLI_LOG_FORMAT": "plain",
        "MELTANO_SEND_ANONYMOUS_USAGE_STATS": "false",
    }


def commands(page: Page) -> Iterator[tuple[str, str]]:
    """Yield the blocks that are run, each with the output that follows it."""
    for number, block in enumerate(page.blocks):
        if block.marker == "run":
            following = page.blocks[number + 1 : number + 2]
            yield block.text, following[0].text if following and following[0].marker == "output" else ""


def script(page: Page, folder: Path) -> str:
    parts = []
    for block in page.blocks:
        if block.marker == "run":
            parts.append(f"{block.text}echo '{END}'\n")
        elif block.marker.startswith("file: "):
            parts.append(write(block, folder))
    return "".join(parts)


def write(block: Block, folder: Path) -> str:
    """Return the command that writes a file of a page."""
    name = shlex.quote(block.marker.removeprefix("file: "))
    source = folder / f"block-{abs(hash(block))}"
    source.write_text(block.text, encoding="utf-8")
    return f'[ -e {name} ] || {{ mkdir -p "$(dirname {name})"; cp {shlex.quote(str(source))} {name}; }}\n'


def fits(shown: Shown) -> bool:
    """Whether a command printed what its page says; `...` stands for anything, on a line of its own for any lines."""
    lines = [re.escape(line).replace(r"\.\.\.", ".*") for line in shown.expected.splitlines()]
    pattern = "".join("(?:.*\n)*?" if line == ".*" else f"{line}[ \t]*\n" for line in lines)
    return re.fullmatch(pattern, shown.printed if shown.printed.endswith("\n") else f"{shown.printed}\n") is not None
