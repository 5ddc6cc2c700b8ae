"""Dependencies of a check: each call has a deadline, and a breaker stops calls that fail."""
