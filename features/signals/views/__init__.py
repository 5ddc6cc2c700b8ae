"""Signals of single views, which have no verdict of their own."""
