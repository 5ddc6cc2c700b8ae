"""Complaints as cases: due dates, verified or not, and complainants who abuse them."""
