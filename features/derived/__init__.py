"""Tables derived once from a whole snapshot, which several signals read."""
