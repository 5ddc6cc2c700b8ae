"""Tests of the exported report."""
