"""Models: trained on matured outcomes only, and released as text with a manifest."""
