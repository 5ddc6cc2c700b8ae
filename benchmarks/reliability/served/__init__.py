"""A service that is started for real on a small lake, and clients that attack it."""
