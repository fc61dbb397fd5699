"""What is looked at by `scriptorium doctor`, one module a subject."""
