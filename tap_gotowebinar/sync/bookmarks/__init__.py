"""What has been emitted: one memory per stream and webinar (or organizer), and the state that keeps it between runs."""
