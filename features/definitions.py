"""Definitions that signals of several kinds of entity share."""

FLASH_VIEW_SECONDS = 3.0  # a view of at most so long is a flash view
SHORT_VIEW_SECONDS = 30.0  # a view of less is a short view
BRIEF_SESSION_SECONDS = 300.0  # a session of less is a test: stays in it have no shape (ADR-0182)
LONG_VIEW_SECONDS = 600.0  # a view of at least so long is a long view
