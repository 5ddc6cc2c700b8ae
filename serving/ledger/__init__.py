"""Hash-chained ledgers of answers and decisions."""
