"""Measures as state: what is in force at a moment follows from the record, never from a flag."""
