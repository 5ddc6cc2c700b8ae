"""Measurements and the demo. The only place, with the tests, that may read planted truth."""
