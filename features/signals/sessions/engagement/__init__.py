"""Likes, comments and follows of a session: how much, how alike, and by whom."""
