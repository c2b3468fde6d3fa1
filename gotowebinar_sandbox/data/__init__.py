"""The made-up world: organizers, webinars, registrants, sessions and what happened in them."""
