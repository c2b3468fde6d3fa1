"""How the objects of the world look in JSON: GoTo's names, order and types. A field without a value is left out."""
