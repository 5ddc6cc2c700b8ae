"""What the prior and the priors of families left out learn from worlds."""
