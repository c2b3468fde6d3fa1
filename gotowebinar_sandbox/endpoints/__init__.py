"""The HTTP endpoints: GoToWebinar, identity and admin, OAuth."""
