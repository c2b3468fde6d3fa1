"""A browser without a window: opens an address, clicks a button, and goes where that leads.

As a program it first writes down what it inherits, if it is told where: `python -m tests.login.clicker FILE ADDRESS`.
"""

import json
import os
import sys
from pathlib import Path

import requests


def click(address: str, decision: str = "allow", *, follow: bool = True) -> requests.Response:
    """Click a button of the authorize page, and go where it leads."""
    with requests.Session() as session:
        session.trust_env = False
        return session.post(address, data={"decision": decision}, allow_redirects=follow, timeout=10)


if __name__ == "__main__":
    *files, given = sys.argv[1:]
    for name in files:
        Path(name).write_text(json.dumps({**os.environ}), encoding="utf-8")
    click(given)
