"""Experiments: stories and scenarios."""
