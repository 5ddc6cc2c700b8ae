"""The policy of supervisors: its file, its schema and its loader."""
