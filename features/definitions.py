"""Definitions that signals of several kinds of entity share."""

FLASH_VIEW_SECONDS = 3.0  # a view of at most so long is a flash view
SHORT_VIEW_SECONDS = 30.0  # a view of less is a short view
LONG_VIEW_SECONDS = 600.0  # a view of at least so long is a long view
