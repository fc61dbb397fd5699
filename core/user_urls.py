"""Which URLs of users the service asks, and which addresses may be behind them.

A URL is checked when it is given, without looking its host up; every address is checked again each time just before
it is connected to (`worker.outbound`), for a name may lead elsewhere by then.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Self

from pydantic import HttpUrl, TypeAdapter, ValidationError

from core.errors import ConfigurationError, OutboundFailure, OutboundFault

IpAddress = IPv4Address | IPv6Address
IpNetwork = IPv4Network | IPv6Network

_MAX_LENGTH = 2048
_URL = TypeAdapter(HttpUrl)

# Not left to `ipaddress.is_global` alone: to it, multicast addresses are global, and what it says of some networks
# differs between releases of Python.
_REFUSED_IPV4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
"""Of IANA's special-purpose registry, and multicast."""
_GLOBAL_UNICAST = IPv6Network("2000::/3")
"""The only IPv6 addresses that are given out; loopback, link-local, multicast and private ones lie outside."""
_REFUSED_IPV6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # special purposes, among them Teredo, which embeds any IPv4 address
        "2001:db8::/32",
        "2002::/16",  # 6to4: embeds any IPv4 address
        "3fff::/20",
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")
"""How hosts without IPv4 reach the public IPv4 internet: the last four bytes are the address meant."""


class UrlPolicy:
    """What may be asked: the public internet, and the networks that the operator allows."""

    def __init__(self, allowed: Sequence[IpNetwork] = ()) -> None:
        self._allowed = tuple(allowed)

    @classmethod
    def parse(cls, networks: str) -> Self:
        """Return the policy of OUTBOUND_ALLOWED_NETWORKS.

        Raises:
            ConfigurationError: something in it is no network; the message does not show it.
        """
        allowed = []
        for number, network in enumerate(networks.replace(",", " ").split(), start=1):
            try:
                allowed.append(ip_network(network))
            except ValueError:
                raise ConfigurationError(
                    f"OUTBOUND_ALLOWED_NETWORKS: number {number} is no network, such as 10.1.0.0/16 (no bit behind "
                    "the 16th)."
                ) from None
        return cls(allowed)

    def checked_url(self, url: str) -> HttpUrl:
        """Return a URL in its one normal form.

        Raises:
            OutboundFailure: it is no http or https URL, is too long, has credentials in it, or its host is an address
                that is not allowed.
        """
        if len(url) > _MAX_LENGTH:
            raise OutboundFailure(OutboundFault.URL_REFUSED, f"is longer than {_MAX_LENGTH} characters")
        try:
            parsed = _URL.validate_python(url)
        except ValidationError:
            raise OutboundFailure(OutboundFault.URL_REFUSED, "is no http or https URL") from None
        if parsed.username is not None or parsed.password is not None:
            raise OutboundFailure(OutboundFault.URL_REFUSED, "has credentials in it, which is not taken")
        try:
            address = ip_address((parsed.host or "").strip("[]"))
        except ValueError:
            return parsed
        self.check_address(address)
        return parsed

    def check_address(self, address: IpAddress) -> None:
        """Do nothing if an address may be connected to.

        Raises:
            OutboundFailure: it may not.
        """
        meant = _meant(address)
        if not is_public(meant) and not any(meant in network for network in self._allowed):
            raise OutboundFailure(
                OutboundFault.ADDRESS_REFUSED,
                "leads to an address that is not of the public internet; an operator may allow its network with "
                "OUTBOUND_ALLOWED_NETWORKS",
            )


def is_public(address: IpAddress) -> bool:
    """Tell whether an address is one of the public internet."""
    if isinstance(address, IPv4Address):
        return address.is_global and not any(address in network for network in _REFUSED_IPV4)
    return address.is_global and address in _GLOBAL_UNICAST and not any(address in network for network in _REFUSED_IPV6)


def _meant(address: IpAddress) -> IpAddress:
    """Return the IPv4 address that a mapped or translated one stands for; any other as it is."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return IPv4Address(address.packed[-4:])
    return address
