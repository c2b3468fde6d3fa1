"""A Singer tap for GoToWebinar."""
