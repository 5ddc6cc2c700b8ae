"""Training rows: labels, signals as they were known, splits and soft labels."""
