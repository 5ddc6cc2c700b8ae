"""Tests of view models of a night."""
