"""Models carried to a second platform, to other shares of fraud and to fewer tables."""
