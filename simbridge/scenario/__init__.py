"""Scenarios: stories with a name and a seed, run to their end, and narrated while they run.

Here belongs what is done with one story: `scenario` marks it, `runner` makes its world and plays it, `narrate`
prints it. Many runs of a story are `whatif`.
"""
