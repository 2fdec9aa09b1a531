"""The command line: one module for each command.

The `add` of a module puts its command and its arguments into the parser; the function that runs the command
returns the exit code. Bad input is reported in one line, with exit code 2.
"""
