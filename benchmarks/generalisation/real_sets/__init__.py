"""Real sets that taught nothing, some with bots of our own."""
