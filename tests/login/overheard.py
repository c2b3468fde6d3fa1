"""A browser that writes down what it inherits, and then does what the other one does."""

import json
import os
import sys
from pathlib import Path

from tests.login.people import click

if __name__ == "__main__":
    Path("inherited.json").write_text(json.dumps({**os.environ}), encoding="utf-8")
    click(sys.argv[1])
