"""Models, trained on matured outcomes and released as text with a manifest."""
