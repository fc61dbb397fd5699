"""Who is who by his address."""

import pytest
from starlette.requests import Request

from api.client_address import client_address, trusted_proxies


def address_of(host: str | None) -> str:
    return client_address(Request({"type": "http", "client": None if host is None else (host, 4711), "headers": []}))


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::9", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::9", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
        ("/run/gateway.sock", "/run/gateway.sock"),
        (None, "unknown"),
    ],
)
def test_an_address_stands_for_its_client(host: str | None, address: str) -> None:
    assert address_of(host) == address


def test_proxies_are_addresses_and_networks() -> None:
    assert trusted_proxies(" 127.0.0.1, 10.1.0.0/16,,2001:db8::/32 ") == ["127.0.0.1", "10.1.0.0/16", "2001:db8::/32"]
    assert trusted_proxies("") == []


@pytest.mark.parametrize(
    "text", ["*", "nginx", "10.1.0.1/16", "10.1.0.0/33", "127.0.0.1 10.1.0.1", "0.0.0.0/0", "::/0"]
)
def test_everybody_and_nobody_known_are_no_proxies(text: str) -> None:
    with pytest.raises(ValueError, match=r"neither an address nor a network|trusts everybody"):
        trusted_proxies(text)
