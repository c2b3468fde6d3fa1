"""The command ``tap-gotowebinar-login``: a person gives the tap access in a browser, once."""
