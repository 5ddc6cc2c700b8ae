"""Policies of a lake: one person proposes, another approves, a night takes the one in force."""
