"""The batch run: a night is scored, corrected, decided and published, whole or not at all."""
