"""Tables of the desk's database, one file a subject."""
