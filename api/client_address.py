"""Whom a request comes from: the connection's other end, or what a trusted proxy says, and nothing that a client says.

The gateway's server replaces the address of a connection by what the proxies of TRUSTED_PROXIES say in
X-Forwarded-For (`api.__main__`); nobody else's header is looked at.
"""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

from starlette.requests import HTTPConnection

_IPV6_PREFIX = 64
"""Bits of an IPv6 address that tell customers apart: whoever has one address has the rest of its /64."""


def client_address(connection: HTTPConnection) -> str:
    """Return the address that stands for a client: IPv4, the /64 network of an IPv6 one, or what else there is."""
    return _standing_for(connection.client.host) if connection.client else "unknown"


@lru_cache(maxsize=4096)
def _standing_for(host: str) -> str:
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    # Without the zone of a link-local address, which names our interface.
    return str(ip_network((int(address), _IPV6_PREFIX), strict=False))


def trusted_proxies(text: str) -> list[str]:
    """Return the addresses and networks of a list separated by commas.

    Raises:
        ValueError: one of them is neither an address nor a network, or is everybody; the message shows none.
    """
    proxies = [part.strip() for part in text.split(",") if part.strip()]
    for number, proxy in enumerate(proxies, start=1):
        try:
            network = ip_network(proxy)
        except ValueError:
            raise ValueError(
                f"number {number} is neither an address nor a network, such as 10.1.0.0/16 (no bit behind the 16th)"
            ) from None
        if network.prefixlen == 0:
            raise ValueError(f"number {number} trusts everybody: anybody could say that he is somebody else")
    return proxies
