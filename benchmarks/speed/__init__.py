"""How fast it is, beside peers on the same input in the same run."""
