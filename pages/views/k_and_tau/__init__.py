"""The views of the k and tau page: a module a view, and what they are asked about."""
