"""A GoToWebinar that runs on your machine: HTTP interface, OAuth and made-up data."""

from gotowebinar_sandbox.control.client import Control
from gotowebinar_sandbox.faults import Fault
from gotowebinar_sandbox.options import Options
from gotowebinar_sandbox.sandbox import Sandbox

__all__ = ["Control", "Fault", "Options", "Sandbox"]
