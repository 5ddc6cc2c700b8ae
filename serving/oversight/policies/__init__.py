"""Policies of a lake: one person proposes, another approves, and each night takes the one in force."""
