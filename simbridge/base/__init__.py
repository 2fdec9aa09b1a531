"""What every other room needs and nothing of EventBridge: errors, the clock, chance, checks of arguments, JSON."""
