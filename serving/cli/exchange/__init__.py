"""Commands that hand files to others and take theirs over."""
