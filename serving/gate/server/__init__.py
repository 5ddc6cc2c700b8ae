"""The server of the gate: one listening socket, limits before any key, admission of work."""
