"""The views of the Laboratory page, a module a view."""
