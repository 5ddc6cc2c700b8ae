"""Pages of cases: the queue, a case, decisions on it, and the lists that people keep."""
