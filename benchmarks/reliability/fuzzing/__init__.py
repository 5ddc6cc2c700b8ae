"""Generators of hostile requests."""
