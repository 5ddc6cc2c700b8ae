"""Files that the product reads, ways to change their bytes, and what a reader makes of it."""
