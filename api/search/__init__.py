"""Full text of all transcripts: what a query means, the two indexes that find it, and how they are kept."""
