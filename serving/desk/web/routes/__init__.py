"""Endpoints of the desk, one file an area; each hands on its tuple `ROUTES`."""
