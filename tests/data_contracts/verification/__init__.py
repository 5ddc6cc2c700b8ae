"""Tests of the verification of files."""
