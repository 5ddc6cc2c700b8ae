"""Services that are started for real: what they serve, and how long a start takes."""
