"""The HTTP routes, one module a subject. Each is thin: parse, ask a service, answer."""
