"""What CloudWatch would show of a run, counted from its trace.

`table` says which metrics there are, `count` finds their occurrences in the records, and `series` adds them up
by period. Measures of a sweep are not CloudWatch's, and are in `whatif/measures`.
"""
