"""Storage of bytes on disk, safe against crashes and a full disk."""
