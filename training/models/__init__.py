"""One model a file: its signals (objects, not strings), its label and its estimator."""
