"""The policy laboratory: drafts are checked, replayed on published nights, and published by two."""
