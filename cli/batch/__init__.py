"""A folder's transcripts: which files there are, what was done for them, and how that ends in a report."""
