"""The list of earlier answers."""
