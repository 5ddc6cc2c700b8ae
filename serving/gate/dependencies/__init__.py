"""What a check waits for: each call has a deadline, and a breaker stops calls that fail."""
