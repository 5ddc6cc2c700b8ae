"""Benchmarks of the desk: how fast its pages are under the load of a day."""
