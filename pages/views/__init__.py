"""Pages that have several views: a room for each page, a function for each view. What they share is in `common`."""
