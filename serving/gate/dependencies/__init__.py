"""What a check waits for: each call has a deadline, and one that fails is not asked at once again."""
