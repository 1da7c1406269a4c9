"""The commands of the command line, a module a command, and one for the two that put a model to use.

`add` says what a command understands, and what it runs.
"""
