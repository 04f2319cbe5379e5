"""The sampling explorer."""
