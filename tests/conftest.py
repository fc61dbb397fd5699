"""Fixtures that several kinds of tests share: real servers and the real service."""

import uuid
from collections.abc import Iterator

import pytest

from core.keys import Keys
from tests.harness.postgres import running_postgres
from tests.harness.s3_server import S3Server
from tests.harness.servers import running_server
from tests.harness.service import Service


@pytest.fixture(scope="session")
def valkey_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The embedded Valkey."""
    with running_server("valkey", tmp_path_factory.mktemp("valkey")) as url:
        yield url


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Redis; skipped where it isn't installed, except in CI."""
    with running_server("redis", tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """A server of S3's protocol; skipped where it isn't installed, except in CI."""
    with S3Server(tmp_path_factory.mktemp("s3")) as running:
        yield running


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """PostgreSQL; skipped where it isn't installed, except in CI."""
    with running_postgres() as url:
        yield url


@pytest.fixture
def keys() -> Keys:
    """Keys of this test alone."""
    return Keys(f"test-{uuid.uuid4().hex}:")


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The whole service with the real model, taking uploads up to 2 MiB."""
    with Service(
        tmp_path_factory.mktemp("service"), MAX_FILE_SIZE_MB="2", WORKER_CONCURRENCY="4", CLEAN_UP_SECONDS="1"
    ) as running:
        yield running


@pytest.fixture(scope="session")
def scripted_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The whole service with the scripted transcriber at a tenth of real time, one job at once."""
    with Service(
        tmp_path_factory.mktemp("scripted"),
        TRANSCRIBER="scripted",
        SCRIPTED_RTF="0.1",
        WORKER_CONCURRENCY="1",
        CLEAN_UP_SECONDS="1",
    ) as running:
        yield running
