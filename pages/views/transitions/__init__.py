"""The views of the Transitions page: a module a view, and what they are asked about. Each counts what it shows alone."""
