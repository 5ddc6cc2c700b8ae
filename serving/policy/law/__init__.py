"""Law as dated data: instruments, articles and what rests on them, one file a jurisdiction."""
