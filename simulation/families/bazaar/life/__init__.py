"""Honest life: views, interactions and orders."""
