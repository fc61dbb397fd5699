"""The command line: `scriptorium`."""
