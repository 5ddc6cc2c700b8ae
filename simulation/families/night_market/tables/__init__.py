"""Tables of the lake and of its truth."""
