"""Tests of what a check waits for."""
