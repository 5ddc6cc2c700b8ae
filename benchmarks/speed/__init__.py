"""Speed, compared with peers on the same input in the same run."""
