"""Commands on what a lake holds: simulate, ingest, check, holds and retention."""
