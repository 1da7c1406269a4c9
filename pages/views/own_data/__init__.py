"""The parts of the Own data page, a module a part."""
