"""Declarations of models, one a file: signals, typologies and settings."""
