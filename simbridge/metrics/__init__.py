"""What CloudWatch would show of a run, counted from its trace."""
