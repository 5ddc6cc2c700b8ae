"""Notices of authorities as cases, reminders with due dates, and public lists."""
