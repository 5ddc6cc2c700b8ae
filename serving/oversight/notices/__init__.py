"""What authorities say: notices as cases, reminders with due dates, and public lists."""
