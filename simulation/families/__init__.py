"""Families of simulated platforms that differ in mechanism, with truth in one common form."""
