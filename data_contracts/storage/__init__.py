"""How bytes reach the disk and stay there."""
