"""Fraud of the small region: few phones, a chat group, one roster, a handful of brushers."""
