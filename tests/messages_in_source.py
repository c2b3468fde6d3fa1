"""The texts in the code, and among them the messages to the user."""

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

GAP = "..."
"""What stands for a value that is put into a text."""

LOGGED = {"warning", "error", "critical"}
KEPT = {"msg", "problem", "reason", "remedy"}
"""Names under which the code keeps a message until it raises it."""


@functools.cache
def strings(folder: Path) -> frozenset[str]:
    """Return the texts in the code of a folder; what is put into a text is left out."""
    nodes = (node for tree in trees(folder) for node in ast.walk(tree))
    return frozenset(node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))


@functools.cache
def messages(folder: Path) -> frozenset[str]:
    """Return what the code of a folder raises, logs from level warning on, or yields as a problem.

    Texts in the `messages.py` of the login are a conversation with the user, not messages.
    """
    found = (
        text for tree in trees(folder, without="messages.py") for node in ast.walk(tree) for text in message_in(node)
    )
    return frozenset(text for text in found if re.search(r"[a-z]{3}", text))


def trees(folder: Path, *, without: str = "") -> Iterator[ast.Module]:
    for path in sorted(folder.rglob("*.py")):
        if path.name != without:
            yield ast.parse(path.read_text(encoding="utf-8"))


def message_in(node: ast.AST) -> Iterator[str]:
    message: ast.expr | None = None
    match node:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=[first, *_]):
            message = first if name in LOGGED or name.endswith("Error") else None
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            message = value if name in KEPT else None
        case ast.Yield(value=value):
            message = value
    if (text := text_of(message)) is not None:
        yield text


def text_of(node: ast.expr | None) -> str | None:
    """Return a text with a gap for each value that is put into it; None when it is no text."""
    match node:
        case ast.Constant(value=str(value)):
            return value
        case ast.JoinedStr(values=values):
            return "".join(text_of(value) or GAP for value in values)
        case ast.BinOp(left=left, op=ast.Add(), right=right) if text_of(left) or text_of(right):
            return (text_of(left) or GAP) + (text_of(right) or GAP)
    return None
