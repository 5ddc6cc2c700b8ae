"""Grading beyond risk: the compliance record, the kind of goods, grounds of patrol, networks."""
