"""The web side of the desk: pages rendered on the server, checked requests, both languages."""
