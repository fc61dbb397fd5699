"""Clients who say that they are others, ask for others' jobs, and have the service call where they can't."""

import base64
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from tests.abuse.foreign_jobs import check_foreign_jobs
from tests.abuse.forged_addresses import check_forged_addresses
from tests.abuse.inward_urls import PUBLIC, check_inward_urls
from tests.abuse.somebody import Somebody, new_key
from tests.chaos.outcome import Outcome
from tests.chaos.run import Run
from tests.harness.balancer import running_balancer
from tests.harness.cluster import Cluster
from tests.harness.receiver import Receiver

_ADMIN_KEY = secrets.token_hex(32)
_OWN_RATE = "100000/day"


def bypasses(run: Run) -> Outcome:
    """Test 19: forged addresses, other tenants' ids, and URLs that lead inside."""
    requests, submissions, reads = run.choose(full=(300, 10, 40), quick=(40, 4, 12))
    outcome = Outcome("19", "forwarding headers that rotate, another tenant's ids, URLs that lead inside")
    with run.cluster(
        SCRIPTED_RTF="0.05",
        WORKER_CONCURRENCY="8",
        MAX_ATTEMPTS="1",
        AUTH_MODE="api_key",
        ADMIN_KEY=_ADMIN_KEY,
        # A day, so that no limit begins anew on the way.
        RATE_LIMIT_SUBMIT=f"{submissions}/day",
        RATE_LIMIT_READ=f"{reads}/day",
        TRUSTED_PROXIES="127.0.0.1",
        WEBHOOK_SECRET=f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}",
        OUTBOUND_ALLOWED_NETWORKS=f"{PUBLIC}/32",
    ) as (cluster, _):
        guarded = cluster.gateways[cluster.start_gateway()]
        opened = cluster.gateways[cluster.start_gateway(AUTH_MODE="none")]
        cluster.start(workers=1, gateways=0, beat=True)
        with (
            _ways(guarded, run.folder / "guarded") as guarded_ways,
            _ways(opened, run.folder / "opened") as opened_ways,
            Somebody("127.8.0.1", key=_ADMIN_KEY, base_url=guarded) as admin,
            _tenant(admin, "ann", guarded) as ann,
            _tenant(admin, "bob", guarded) as bob,
            Receiver(host=PUBLIC) as receiver,
        ):
            seen = [
                check_forged_addresses(
                    outcome,
                    guarded=guarded_ways,
                    opened=opened_ways,
                    key=new_key(admin, "eve", rate=None),
                    submissions=submissions,
                    reads=reads,
                    requests=requests,
                ),
                check_foreign_jobs(outcome, ann, bob, receiver),
                check_inward_urls(outcome, bob),
            ]
        outcome.check("the gateways, the worker and beat live", _all_live(cluster))
    outcome.seen = "; ".join(seen)
    return outcome


def _tenant(admin: Somebody, name: str, url: str) -> Somebody:
    """Return somebody with a key of a tenant's own, whose limits are in nobody's way."""
    return Somebody("127.8.0.2", key=new_key(admin, name, rate=_OWN_RATE), base_url=url)


@contextmanager
def _ways(url: str, folder: Path) -> Iterator[dict[str, str]]:
    """Give the ways to a gateway: past its balancer, and through the real nginx where there is one."""
    if shutil.which("nginx") is None:
        yield {"directly": url}
        return
    folder.mkdir()
    port = urlsplit(url).port
    assert port is not None
    with running_balancer(folder, port) as balancer:
        yield {"directly": url, "through nginx": balancer.url}


def _all_live(cluster: Cluster) -> bool:
    processes = [*cluster.gateways, *cluster.workers, *([cluster.beat] if cluster.beat else [])]
    return all(process.is_running for process in processes)
