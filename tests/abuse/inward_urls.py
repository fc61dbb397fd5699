"""URLs that lead inside, in every field in which the service takes one: nobody is called who isn't on the internet.

A new field that takes a URL gets a line in `DOORS`, and all of this with it.
"""

import select
import socket
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from typing import NamedTuple, Self

import httpx

from core.errors import FailureCode, OutboundFailure, OutboundFault
from core.user_urls import UrlPolicy, is_public
from tests.abuse.somebody import Somebody
from tests.chaos.outcome import Outcome
from tests.harness.names import Names
from tests.harness.receiver import Received, Receiver, Reply
from tests.harness.service import FINISHED, until
from worker.outbound import Outbound, look_up

PUBLIC = "127.0.0.2"
"""Stands for the public internet: the service under attack must allow it, and nothing else that isn't public."""
_PRIVATE = "127.0.0.1"
_ASKED_SECONDS = 60.0


class Door(NamedTuple):
    """A field by which whoever posts a job has the service ask a URL."""

    field: str
    post: Callable[[Somebody, str], httpx.Response]
    """Posts a job whose field holds a URL."""
    fate: Callable[[Somebody, str], str | None]
    """How the URL of a job has fared; None until it was asked."""
    refused: str
    """How one fares whose host turns out to be inside."""
    redirected: Collection[str]
    """How one may fare that leads on to the inside."""


def _post_webhook(somebody: Somebody, url: str) -> httpx.Response:
    return somebody.post({"webhook_url": url})


def _webhook_fate(somebody: Somebody, job_id: str) -> str | None:
    events = somebody.get(f"/webhooks/{job_id}").json()["events"]
    attempts = events[0]["attempts"] if events else []
    return str(attempts[0]["fault"] or attempts[0]["status"]) if attempts else None


def _post_url(somebody: Somebody, url: str) -> httpx.Response:
    return somebody.request("POST", "/transcribe", json={"url": url}, headers={"Cache-Control": "no-cache"})


def _url_fate(somebody: Somebody, job_id: str) -> str | None:
    document = somebody.get(f"/status/{job_id}").json()
    failure = document["failure"] or {"code": document["status"]}
    return str(failure["code"]) if document["status"] in FINISHED else None


DOORS = (
    Door(
        field="webhook_url",
        post=_post_webhook,
        fate=_webhook_fate,
        refused=OutboundFault.ADDRESS_REFUSED,
        redirected={"301", "302", "303", "307", "308"},
    ),
    Door(
        field="url",
        post=_post_url,
        fate=_url_fate,
        refused=FailureCode.URL_REFUSED,
        redirected={FailureCode.URL_REFUSED},
    ),
)


class Trap:
    """A port on loopback, for IPv4 and IPv6, that nobody may connect to."""

    def __enter__(self) -> Self:
        self._sockets = [socket.create_server((_PRIVATE, 0))]
        self.port: int = self._sockets[0].getsockname()[1]
        if socket.has_dualstack_ipv6():
            self._sockets.append(socket.create_server(("::1", self.port), family=socket.AF_INET6))
        return self

    def __exit__(self, *exception: object) -> None:
        for each in self._sockets:
            each.close()

    def connections(self) -> int:
        """Return how many connections were made since the last call."""
        made = 0
        while waiting := select.select(self._sockets, [], [], 0)[0]:
            for each in waiting:
                each.accept()[0].close()
                made += 1
        return made


def inward_urls(port: int) -> dict[str, list[str]]:
    """Return URLs that are refused as they are given, by their kind; those to this machine lead to a port."""
    hosts = {
        "loopback": ["127.0.0.1", "127.1", "127.255.255.254", "0.0.0.0", "[::1]", "[::]"],  # noqa: S104 - asked, not listened on
        "private": ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1", "[fc00::1]", "[fd12:3456::1]"],
        "link-local": ["169.254.0.1", "169.254.255.255", "[fe80::1]", "[fe80::1%25eth0]"],
        "CGNAT": ["100.64.0.1", "100.127.255.254"],
        "metadata": ["169.254.169.254", "100.100.100.200", "192.0.0.192", "[fd00:ec2::254]", "[::ffff:a9fe:a9fe]"],
        "special": [
            "198.18.0.1",
            "192.0.2.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "[ff02::1]",
            "[2001:db8::1]",
        ],
        "mapped": ["[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:127.0.0.1]", "[::127.0.0.1]"],
        "6to4, Teredo": ["[2002:7f00:1::1]", "[2002:7f00:1::7f00:1]", "[2001:0:7f00:1::1]"],
        "NAT64": ["[64:ff9b::7f00:1]", "[64:ff9b::127.0.0.1]", "[64:ff9b:1::7f00:1]", "[64:ff9b::a9fe:a9fe]"],
        "decimal, octal, hexadecimal": [
            *("2130706433", "0x7f000001", "0x7f.1", "0x7F.0x0.0x0.0x1", "017700000001", "0177.0.0.1", "127.0.1"),
            *("127.0.0.1.", "127.0.0.01", "①②⑦.⓪.⓪.①", "127。0。0。1", "%31%32%37.0.0.1", "127.0.0.1%2e"),
        ],
        "credentials": ["user@127.0.0.1", "user:password@example.com", "example.com@127.0.0.1", "1.1.1.1:80@[::1]"],
    }
    urls = {kind: [f"http://{host}:{port}/hook" for host in each] for kind, each in hosts.items()}
    urls["other schemes"] = [
        *("file:///etc/passwd", f"ftp://example.com:{port}/", f"gopher://127.0.0.1:{port}/_", "data:text/plain,a"),
        *(f"//127.0.0.1:{port}/", f"http:\\\\127.0.0.1:{port}\\", f"http:127.0.0.1:{port}", f"127.0.0.1:{port}"),
    ]
    return urls


def check_inward_urls(outcome: Outcome, somebody: Somebody) -> str:
    """Check that no URL leads inside, neither as it is given nor when it is asked; return what was seen.

    Args:
        outcome: gets the checks.
        somebody: may submit and read; the service allows `PUBLIC` beside the public internet.
    """
    with Trap() as trap:
        redirects = dict(_redirects(trap.port))

        def reply(received: Received) -> Reply:
            return redirects.get(received.path, Reply())

        with Receiver(reply, host=PUBLIC, port=trap.port) as public:
            for door in DOORS:
                _check_given(outcome, somebody, door, trap.port)
                _check_names(outcome, somebody, door, trap.port)
                _check_redirects(outcome, somebody, door, [public.url(path) for path in redirects])
            lookups = _check_rebound(outcome, public)
            connections = trap.connections()
    outcome.check(f"{connections} connections were made to where nothing may lead", connections == 0)
    given = sum(map(len, inward_urls(trap.port).values())) * len(DOORS)
    return (
        f"{given} URLs, {len(redirects) * len(DOORS)} redirects and {lookups} look-ups of a rebound name that lead "
        f"inside: {connections} connections there"
    )


def _check_given(outcome: Outcome, somebody: Somebody, door: Door, port: int) -> None:
    """Check what is refused without being looked up."""
    for kind, urls in inward_urls(port).items():
        answers = {url: door.post(somebody, url) for url in urls}
        taken = [
            f"{url}: {answer.status_code} {answer.text}"
            for url, answer in answers.items()
            if answer.status_code != httpx.codes.UNPROCESSABLE_ENTITY
            or [each["option"] for each in answer.json()["errors"]] != [door.field]
            or url in answer.text
        ]
        outcome.check(f"{door.field}: {len(urls)} URLs ({kind}) were refused as they came", not taken, "\n".join(taken))


def _check_names(outcome: Outcome, somebody: Somebody, door: Door, port: int) -> None:
    """Check names that this machine knows to lead to itself: they are found out when they are looked up."""
    names = sorted(filter(_leads_inside, {"localhost", "localhost.", "ip6-localhost", socket.gethostname()}))
    fates = _fates(somebody, door, [f"http://{name}:{port}/hook" for name in names])
    outcome.check(
        f"{door.field}: {len(names)} names of this machine were refused when they were to be asked",
        bool(names) and set(fates.values()) == {door.refused},
        fates,
    )


def _leads_inside(name: str) -> bool:
    try:
        addresses = look_up(name, 80)
    except OSError:
        return False
    return not any(is_public(address) or str(address) == PUBLIC for address in addresses)


def _redirects(port: int) -> Iterator[tuple[str, Reply]]:
    """Yield paths of the public receiver, and to where inside each of them leads on."""
    inside = [
        f"http://{_PRIVATE}:{port}/",
        f"http://[::1]:{port}/",
        f"//{_PRIVATE}:{port}/",
        f"http://2130706433:{port}/",
        f"http://localhost:{port}/",
        "http://169.254.169.254/latest/meta-data/",
    ]
    statuses = [(status, inside[0]) for status in (301, 303, 307, 308)] + [(302, location) for location in inside]
    for number, (status, location) in enumerate(statuses):
        yield f"/redirect-{number}", Reply(status, {"location": location, "refresh": f"0; url={location}"})


def _check_redirects(outcome: Outcome, somebody: Somebody, door: Door, urls: Sequence[str]) -> None:
    """Check that nobody is sent on; that nothing came of it, the trap tells."""
    fates = _fates(somebody, door, urls)
    outcome.check(
        f"{door.field}: {len(urls)} redirects to the inside were taken for failures",
        len(fates) == len(urls) and set(fates.values()) <= set(door.redirected),
        fates,
    )


def _fates(somebody: Somebody, door: Door, urls: Sequence[str]) -> dict[str, str]:
    """Have the service ask URLs, and return how that went."""
    answers = {url: door.post(somebody, url) for url in urls}
    jobs = {url: answer.raise_for_status().json()["job_id"] for url, answer in answers.items()}
    return {url: until(partial(door.fate, somebody, job_id), _ASKED_SECONDS) for url, job_id in jobs.items()}


def _check_rebound(outcome: Outcome, public: Receiver) -> int:
    """Check a name that leads elsewhere each time it is looked up, in the way of all doors; return how often it was."""
    inside = [
        *([_PRIVATE], [PUBLIC, _PRIVATE], [_PRIVATE, PUBLIC], ["169.254.169.254"], ["10.0.0.1", PUBLIC]),
        *(["::1"], ["::ffff:127.0.0.1"], ["2002:7f00:1::1"], ["64:ff9b::7f00:1"], ["fe80::1"], ["0.0.0.0"]),  # noqa: S104 - asked
    ]
    answers = [answer for each in inside for answer in ([PUBLIC], each)]
    names = Names(*answers)
    outbound = Outbound(UrlPolicy.parse(PUBLIC), resolve=names)
    before = len(public.received)
    fates = [_fate(outbound, public.url(host="rebound.example")) for _ in answers]
    expected = [204, OutboundFault.ADDRESS_REFUSED] * len(inside)
    outcome.check(
        f"a name that is public and then private was asked {expected.count(204)} times in public and refused "
        f"{len(inside)} times",
        fates == expected and len(public.received) - before == len(inside),
        fates,
    )
    outcome.check("it was looked up once an attempt", len(names.asked) == len(answers), names.asked)
    return len(names.asked)


def _fate(outbound: Outbound, url: str) -> int | OutboundFault:
    try:
        with outbound.send("POST", url, seconds=_ASKED_SECONDS) as answer:
            return answer.status
    except OutboundFailure as failure:
        return failure.fault
