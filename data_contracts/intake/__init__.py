"""A company's own exports become contract tables, by a file that a person reads and edits."""
