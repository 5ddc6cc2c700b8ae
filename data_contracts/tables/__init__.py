"""ODCS v3 documents of all tables; the source of every contract."""
