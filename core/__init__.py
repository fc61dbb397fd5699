"""What the gateway and the worker must agree on and neither owns: the job, the transcript, the scripts."""
