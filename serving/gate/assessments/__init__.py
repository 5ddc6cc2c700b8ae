"""Assessments of running sessions at the gate, and prepared answers."""
