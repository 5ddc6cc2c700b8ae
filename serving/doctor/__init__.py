"""Uses of a lake's tables, and measured gains of further ones."""
