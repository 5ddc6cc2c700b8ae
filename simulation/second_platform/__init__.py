"""A second platform by other mechanics, for judging what was only fitted to the first.

People open the app and swipe through the rooms that run. They stay where they like it,
follow, buy and come back. Vendors sell fraud, each with accounts and habits of its own.
No model is trained on this platform.
"""
