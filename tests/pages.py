"""Reading the pages people read: their fenced blocks, their tables, their names in code."""

import itertools
import re
from pathlib import Path
from typing import NamedTuple

from tests.sources import ROOT

BLOCK = re.compile(r"(?:^ *<!-- ([^\n]*?) -->\n)?^( *)```(\w+)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A fenced block: its language, its text, and what the comment before it says about it."""

    language: str
    text: str
    marker: str


class Page:
    """A Markdown file.

    Attributes:
        name: Its path in the repository.
        text: All of it.
        blocks: Its fenced blocks.
        prose: What is outside of them.
    """

    def __init__(self, path: Path) -> None:
        self.folder = path.parent
        self.name = path.relative_to(ROOT).as_posix()
        self.text = path.read_text(encoding="utf-8")
        self.blocks = [
            Block(match[3], re.sub(f"^{match[2]}", "", match[4], flags=re.MULTILINE), match[1] or "")
            for match in BLOCK.finditer(self.text)
        ]
        self.prose = BLOCK.sub("", self.text)

    @property
    def links(self) -> list[str]:
        return sorted(set(re.findall(r"\]\(([^)\s]+)\)", self.prose)))

    @property
    def anchors(self) -> set[str]:
        """Its headings, as GitHub turns them into anchors."""
        titles: list[str] = re.findall(r"^#+ (.+)$", self.prose, re.MULTILINE)
        return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}

    def quoted(self, pattern: str) -> list[str]:
        """Return the names in code, outside of blocks, that look like this as a whole."""
        return sorted({code for code in re.findall(r"`([^`\n]+)`", self.prose) if re.fullmatch(pattern, code)})

    def of_language(self, *languages: str) -> list[Block]:
        return [block for block in self.blocks if block.language in languages]

    def table(self, *header: str) -> list[list[str]]:
        """Return the cells of the table whose header starts with these cells."""
        lines = [line.strip() for line in self.text.splitlines()]
        wanted = "| " + " | ".join(header)
        start = next((number for number, line in enumerate(lines) if line.startswith(wanted)), None)
        assert start is not None, f"no table in {self.name} starts with {wanted}"
        rows = itertools.takewhile(lambda line: line.startswith("|"), lines[start + 2 :])
        return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in rows]


def names(cell: str) -> list[str]:
    """Return the names in code in a cell."""
    return re.findall(r"`([^`]+)`", cell)


README = Page(ROOT / "README.md")
DOCS = {path.stem: Page(path) for path in sorted((ROOT / "docs").glob("*.md"))}
CONTRIBUTING, ORCHESTRATION, *OTHERS = (
    Page(ROOT / f"{name}.md")
    for name in (
        *("CONTRIBUTING", "orchestration/README", "benchmarks/README", "hub/README"),
        *("SECURITY", "CODE_OF_CONDUCT", "CHANGELOG"),
    )
)
EVERY_PAGE = [README, *DOCS.values(), CONTRIBUTING, ORCHESTRATION, *OTHERS]
