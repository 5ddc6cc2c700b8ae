"""Cases of the desk: a signed record of acts, its projection into tables, and the queue."""
