"""Doors to other tools, each in a module named after it. They use public names only."""
