"""What a lake allows to be said, and what a further table would add, as measured."""
