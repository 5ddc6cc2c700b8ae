"""The online boost check."""
