"""Ports for servers: none that an outgoing connection may be given."""

import socket
from pathlib import Path

from cli.ports import free_port

_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")


def test_no_outgoing_connection_is_given_a_servers_port() -> None:
    first, last = map(int, _EPHEMERAL.read_text(encoding="ascii").split())
    assert not [port for port in (free_port() for _ in range(200)) if first <= port <= last]


def test_a_port_that_is_taken_is_not_chosen() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", free_port()))
        assert taken.getsockname()[1] not in {free_port() for _ in range(200)}


def test_a_connection_to_its_own_port_is_made() -> None:
    """The reason for the rule: without a listener, a connection from a port to itself comes about."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", free_port()))
        assert probe.connect_ex(probe.getsockname()) == 0
