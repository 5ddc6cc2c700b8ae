"""Statistics of a simulated lake and the values that were measured on public sets."""
