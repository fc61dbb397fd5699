"""The engine in a process of its own, recorded: what it calls CTranslate2 with, and how long that takes alone."""
