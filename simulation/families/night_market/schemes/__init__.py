"""Schemes: each writes false rows into the sessions of its job."""
