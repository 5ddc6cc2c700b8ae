"""The inboxes: appeals and complaints, what an operator sees of its case, and signed webhooks."""
