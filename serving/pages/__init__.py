"""Templates, texts and style of pages: the desk serves them, the nightly report exports some."""
