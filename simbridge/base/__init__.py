"""What every other package may use, and nothing of EventBridge: errors, the clock, random numbers, checks, JSON.

A module belongs here if it would serve a simulator of anything else just as well. Of simbridge it imports
only this package.
"""
