"""Detection on real sets and on simulated worlds, compared with peers."""
