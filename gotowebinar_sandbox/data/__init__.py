"""The made-up world: organizers, webinars, registrants, sessions and their contents."""
