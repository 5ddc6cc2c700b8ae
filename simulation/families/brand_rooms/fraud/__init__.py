"""Fraud on the platform of brands: who buys what, and what it leaves."""
