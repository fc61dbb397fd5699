"""Threat "URLs": which of them are taken, and which addresses may be behind them."""

from ipaddress import ip_address

import pytest

from core.errors import ConfigurationError, OutboundFailure, OutboundFault
from core.user_urls import UrlPolicy, is_public

PRIVATE = [
    "0.0.0.0",  # noqa: S104 - not listened on
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",  # metadata of a cloud
    "127.0.0.1",
    "127.255.0.1",
    "169.254.169.254",  # metadata of most clouds
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",  # metadata of a cloud
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:db8::1",
    "2002:7f00:1::1",
    "2002:a00:1::1",
    "3fff::1",
    "fc00::1",
    "fd00:ec2::254",  # metadata of a cloud
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
]
PUBLIC = [
    "1.1.1.1",
    "93.184.215.14",
    "172.32.0.1",
    "2606:4700::1111",
    "2a00:1450::1",
    "64:ff9b::101:101",
    "::ffff:1.1.1.1",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    with pytest.raises(OutboundFailure) as refused:
        UrlPolicy().check_address(ip_address(address))
    assert refused.value.fault is OutboundFault.ADDRESS_REFUSED


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_taken(address: str) -> None:
    UrlPolicy().check_address(ip_address(address))


def test_no_ipv4_address_is_public_that_the_library_says_is_not() -> None:
    addresses = [ip_address(number) for number in range(0, 2**32, 2**32 // 4001)]
    taken = [address for address in addresses if is_public(address)]
    assert 3000 < len(taken) < len(addresses)
    assert [each for each in taken if not each.is_global or each.is_multicast or each.is_reserved] == []


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("ftp://example.com/", "url_refused"),
        ("file:///etc/passwd", "url_refused"),
        ("gopher://example.com/", "url_refused"),
        ("unix:///var/run/docker.sock", "url_refused"),
        ("//example.com/", "url_refused"),
        ("example.com", "url_refused"),
        ("http://", "url_refused"),
        ("http://exa mple.com/", "url_refused"),
        ("http://example.com:99999/", "url_refused"),
        ("http://[::1", "url_refused"),
        ("http://example.com/" + "a" * 2048, "url_refused"),
        ("https://user:password@example.com/", "url_refused"),
        ("https://user@example.com/", "url_refused"),
        ("http://1.1.1.1@127.0.0.1/", "url_refused"),
        ("http://127.0.0.1/", "address_refused"),
        ("http://127.1/", "address_refused"),
        ("http://2130706433/", "address_refused"),
        ("http://0x7f.0.0.1/", "address_refused"),
        ("http://0177.0.0.1/", "address_refused"),
        ("http://127.0.0.1./", "address_refused"),
        ("http:\\\\127.0.0.1\\", "address_refused"),
        ("http://①②⑦.0.0.1/", "address_refused"),
        ("http://169.254.169.254/latest/meta-data/", "address_refused"),
        ("http://[::1]:6379/", "address_refused"),
        ("http://[::ffff:10.0.0.1]/", "address_refused"),
    ],
)
def test_what_is_never_asked_is_refused_when_it_is_given(url: str, fault: str) -> None:
    with pytest.raises(OutboundFailure) as refused:
        UrlPolicy().checked_url(url)
    assert refused.value.fault == fault
    assert url not in refused.value.detail


@pytest.mark.parametrize(
    ("url", "normal"),
    [
        ("https://example.com", "https://example.com/"),
        ("HTTP://Example.COM:80/a?b=c#d", "http://example.com/a?b=c#d"),
        ("http://bücher.example/ü", "http://xn--bcher-kva.example/%C3%BC"),
        ("http://1.1.1.1:8080/", "http://1.1.1.1:8080/"),
    ],
)
def test_any_other_is_taken_in_its_normal_form(url: str, normal: str) -> None:
    assert str(UrlPolicy().checked_url(url)) == normal


def test_an_operator_may_allow_networks() -> None:
    policy = UrlPolicy.parse("10.0.0.0/8 127.0.0.1, fd00::/8")
    for allowed in ("10.1.2.3", "127.0.0.1", "::ffff:10.1.2.3", "fd00::1", "1.1.1.1"):
        policy.check_address(ip_address(allowed))
    for refused in ("127.0.0.2", "192.168.0.1", "fc00::1"):
        with pytest.raises(OutboundFailure):
            policy.check_address(ip_address(refused))


@pytest.mark.parametrize("networks", ["10.0.0.0/33", "everything", "10.0.0.1/8"])
def test_what_is_no_network_stops_the_process(networks: str) -> None:
    with pytest.raises(ConfigurationError, match="OUTBOUND_ALLOWED_NETWORKS"):
        UrlPolicy.parse(networks)
