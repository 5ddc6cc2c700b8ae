"""A second platform, made by other mechanics than `simulation/world.py`, for judging what was only fitted to the first.

Here viewers come first: people open the app, swipe through a feed of rooms that run at that moment, stay where they like it, follow,
buy and come back. Fraud is sold by vendors, each with a pool of accounts and habits of its own. Nothing teaches on it.
"""
