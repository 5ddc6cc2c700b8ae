"""Pages of the inboxes, of the operator's side, for the public, and of webhooks."""
