"""Values of a source as values of a contract, or the reason why they are not."""
