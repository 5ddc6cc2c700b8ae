"""The database of the desk: SQLite for one machine, PostgreSQL for teams."""
