"""A GoToWebinar that runs on your machine: HTTP interface, OAuth and made-up data."""

from tap_gotowebinar.sandbox.control import Control
from tap_gotowebinar.sandbox.options import Fault, Options
from tap_gotowebinar.sandbox.running import Sandbox

__all__ = ["Control", "Fault", "Options", "Sandbox"]
