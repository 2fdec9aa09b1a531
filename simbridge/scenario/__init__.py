"""Scenarios: stories with a name and a seed, run to their end, told as they go."""
