"""Which ports servers of ours may take on loopback."""

import random
import socket

_FIRST, _LAST = 10_000, 32_767
"""Above what services are known by, below what Linux gives outgoing connections (`ip_local_port_range`).

Whoever waits for a server by connecting to a port of that range over and over may be given the very same port as its
own, and is then connected to itself: it believes the server is there, and the server finds its address in use.
"""


def free_port() -> int:
    """Return a TCP port on loopback that nobody listens on and that no outgoing connection takes.

    Raises:
        OSError: there is none.
    """
    for port in random.sample(range(_FIRST, _LAST + 1), _LAST - _FIRST + 1):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    message = f"every port of {_FIRST} to {_LAST} on 127.0.0.1 is taken"
    raise OSError(message)
