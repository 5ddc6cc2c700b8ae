"""Logging in: by a password or at an identity provider, for a limited time."""
