"""Files, databases, table formats and object storage, each read as one DuckDB relation."""
