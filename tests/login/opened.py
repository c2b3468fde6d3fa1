"""A browser without a window: opens an address, clicks Allow, and goes where that leads."""

import sys

from tests.login.people import click

if __name__ == "__main__":
    click(sys.argv[1])
