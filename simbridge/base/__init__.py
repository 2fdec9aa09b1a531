"""What every other room needs and nothing of EventBridge: errors, the clock, random numbers, checks, JSON."""
