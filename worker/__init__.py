"""The worker: claims jobs, decodes, transcribes and reports. One process holds one model."""
