"""The gate end to end, as a process."""
