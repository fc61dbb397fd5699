"""From samples to segments: voice activity, chunks, features, batches and what is made of them."""
