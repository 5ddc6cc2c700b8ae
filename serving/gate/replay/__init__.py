"""Inputs of answers, kept by digest, and the replay of an answer from them."""
