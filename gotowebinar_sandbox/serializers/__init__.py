"""How the objects of the world look in JSON: GoTo's names, order and types."""
