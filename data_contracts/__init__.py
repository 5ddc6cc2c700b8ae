"""What comes in and goes out, and the shared words. Imports nothing from the floors above."""
