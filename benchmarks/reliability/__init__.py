"""Attacks on the product: kills, faults, mutations, load. One module an attack."""
