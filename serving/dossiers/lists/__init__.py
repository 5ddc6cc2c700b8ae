"""Lists and search over a night: filtered, paged, and written to files."""
