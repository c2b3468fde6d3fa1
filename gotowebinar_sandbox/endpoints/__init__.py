"""What the HTTP interfaces answer: GoToWebinar's, the identity and admin ones, OAuth, and the sandbox's own control."""
