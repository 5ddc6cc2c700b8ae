"""Endpoints of logins, accounts, the audit log and the nights."""
