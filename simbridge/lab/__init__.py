"""Experiments: stories, scenarios and sweeps."""
