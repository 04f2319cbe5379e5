"""A column of a table, in the page: what is asked of it, how far that is, and what came of each row."""
