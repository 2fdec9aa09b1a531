"""What-if analysis: sweeps over settings and seeds, their measures, prices and reports.

Here belongs whatever compares runs: `sweep` plays them, `result` has their rows and statistics, and `compare`,
`export`, `plots` and `report` are functions of a result. `measures` and `prices` read the trace of one run.
"""
