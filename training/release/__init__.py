"""Releases as files: how they are written, tracked, described and loaded."""
