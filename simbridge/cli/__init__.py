"""The command line: one module a command.

`add` puts a command and its arguments into the parser; the function that runs it answers with the exit
code. What is wrong with the input is told in one line and answered with 2.
"""
