"""What can be asked of the service, one module a subject; each function is a call (`scriptorium.client.steps`)."""
