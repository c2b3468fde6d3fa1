"""What has been emitted: one bookmark per stream and webinar (or organizer), and the state."""
