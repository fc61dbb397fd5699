"""The gateway: validates, accepts and answers. It does no heavy work and holds no state."""
