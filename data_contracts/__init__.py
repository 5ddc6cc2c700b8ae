"""Tables that come in and go out: contracts, the lake that holds them, and checks."""
