"""A GoToWebinar that runs on your machine."""
