"""Official SDKs for Node.js, unchanged but for their base URL, against the whole service with the real model."""

import re
from pathlib import Path

import pytest

from tests.harness.node import NodeProject
from tests.harness.service import REPOSITORY, Service
from tests.media import AUDIO

SOURCE = REPOSITORY / "tests" / "node"


@pytest.fixture(scope="module")
def project() -> NodeProject:
    return NodeProject(SOURCE)


@pytest.mark.parametrize("file", sorted(SOURCE.glob("*.test.js")), ids=lambda file: file.name)
def test_an_sdk_is_served(project: NodeProject, service: Service, file: Path) -> None:
    told = project.run(
        "node", "--test", file.name, variables={"SCRIPTORIUM_URL": str(service.client.base_url), "AUDIO": str(AUDIO)}
    )
    assert re.search(r"^# pass [1-9]", told, re.MULTILINE), told
