"""Honest behaviour: sessions, audiences, interactions, purchases and look-alikes of fraud."""
