"""What the words of other APIs mean in ours, and ours in theirs: one module an API, without HTTP."""
