"""Graph algorithms on edge lists: dense blocks, lockstep groups, rings."""
