"""Worked examples of signals, on every engine, and of kernels over minutes."""
