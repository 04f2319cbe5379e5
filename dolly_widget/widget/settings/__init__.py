"""The sampling settings: traits and controls."""
