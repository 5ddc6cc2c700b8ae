"""Meetings: pairs of accounts that act on the same things at the same times, by occasion."""
