"""What the gate knows of running sessions: their assessments and prepared answers."""
