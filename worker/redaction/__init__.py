"""Takes personal data out of a transcript before anything of it leaves the process."""
