"""What-if analysis: sweeps over settings and seeds, their measures, prices and reports."""
