"""Scenarios: stories with a name and a seed, run to their end, and narrated while they run."""
