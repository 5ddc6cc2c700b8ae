"""What supervisors decide: the policy file, its schema and its loader."""
