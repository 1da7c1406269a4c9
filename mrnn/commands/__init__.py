"""The commands of the command line, a module a command: `add` says what it understands, and what it runs."""
