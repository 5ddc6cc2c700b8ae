"""Nothing published is read before it is shown to be what was recorded."""
