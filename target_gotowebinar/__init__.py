"""Singer target for GoToWebinar: registers people for webinars."""
