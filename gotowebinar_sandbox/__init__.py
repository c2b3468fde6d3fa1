"""A GoToWebinar that runs on your machine: HTTP interface, OAuth and made-up data."""

from gotowebinar_sandbox.control import Control
from gotowebinar_sandbox.options import Fault, Options
from gotowebinar_sandbox.sandbox import Sandbox

__all__ = ["Control", "Fault", "Options", "Sandbox"]
