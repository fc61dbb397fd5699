"""What Scriptorium is compared with, each as a process of its own on the same weights, at its own defaults."""
