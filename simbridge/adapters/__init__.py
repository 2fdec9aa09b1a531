"""Adapters to other tools, each in a module named after the tool.

An adapter uses public names of simbridge and the runner of stories (`scenario/runner`), not the parts of a world.
"""
