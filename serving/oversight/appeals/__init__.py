"""Appeals against a night's decision or a measure, and what follows from one that is won."""
