"""Learning the prior: a combination of signals over simulated families with planted truth."""
