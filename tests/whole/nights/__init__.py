"""Nights end to end, with less than everything."""
