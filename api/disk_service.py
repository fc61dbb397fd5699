"""`python -m api.disk_service SOCKET MEMORY`: writes one gateway's uploads for `api.disk_process`, until it hangs up.

Both are descriptors. The socket keeps messages apart, the memory is the gateway's too, in slots of equal size. A
message asks for one thing and names the slot that holds what it is about; the answer names the slot again and leaves it
to the gateway. What belongs to one file comes one after the other; files are served at once, by a thread for each slot.
"""

import json
import mmap
import os
import signal
import socket
import sys
import threading
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

from api.media_kinds import inspected_seconds
from core.direct_file import BLOCK_BYTES
from core.errors import UnsupportedMedia
from core.media_files import FileWriter, MediaFiles

SLOTS: Final = 4
"""Files served at once. More get in each other's way: 4, 8 and 16 took 337, 310 and 307 uploads of a MiB a second,
medians of 12 rounds by turns."""
SLOT_BYTES: Final = 1536 * 1024
"""A multiple of `BLOCK_BYTES`, and more than a receiver gathers before it has them written (`api.uploads`)."""
MESSAGE_BYTES: Final = 32 * 1024
"""No message is larger: a folder's path has 4,096 bytes at most, and JSON takes up to six for each."""

assert SLOT_BYTES % BLOCK_BYTES == 0  # noqa: S101 - what is appended from a slot is aligned


class Order(NamedTuple):
    """A message to the disk process."""

    slot: int
    action: str
    """`append`, `sync`, `commit` or `discard`."""
    file: int
    """The gateway's number of it."""
    folder: str
    job_id: str
    size_bytes: int
    """Of what the slot holds."""

    def encode(self) -> bytes:
        """Return the message."""
        return json.dumps(self).encode()

    @classmethod
    def decode(cls, message: bytes) -> "Order":
        """Read one."""
        return cls(*json.loads(message))


class DiskService:
    """Files under way, by the gateway's numbers."""

    def __init__(self, memory: mmap.mmap) -> None:
        self._memory = memoryview(memory)
        self._writers: dict[int, FileWriter] = {}

    def serve(self, gateway: socket.socket) -> None:
        """Do what the gateway asks for, until it hangs up."""
        with suppress(ConnectionError):
            while message := gateway.recv(MESSAGE_BYTES):
                order = Order.decode(message)
                gateway.send(json.dumps([order.slot, self._answer(order)]).encode())

    def _answer(self, order: Order) -> dict[str, Any]:
        try:
            return self._done(order)
        except UnsupportedMedia as error:
            return {"unsupported": str(error)}
        except OSError as error:
            return {"errno": error.errno, "strerror": error.strerror}
        except Exception as error:  # noqa: BLE001 - the gateway raises it
            traceback.print_exc()
            return {"fault": repr(error)}

    def _done(self, order: Order) -> dict[str, Any]:
        if order.action == "discard":
            if writer := self._writers.pop(order.file, None):
                writer.discard()
            return {}
        writer = self._writers.get(order.file)
        if writer is None:
            writer = self._writers[order.file] = MediaFiles(Path(order.folder)).begin(order.job_id)
        start = order.slot * SLOT_BYTES
        with self._memory[start : start + order.size_bytes] as piece:
            match order.action:
                case "append":
                    writer.append([piece])
                case "sync":
                    writer.sync()
                case "commit":
                    digest, audio_seconds = writer.commit([piece], inspected_seconds)
                    del self._writers[order.file]
                    return {"blake3": digest, "audio_seconds": audio_seconds}
                case _:
                    raise ValueError(order.action)
        return {}


def main() -> None:
    """Serve until the gateway is gone. Signals to the whole group are for the gateway to follow."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    gateway, memory = socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2])
    service = DiskService(mmap.mmap(memory, SLOTS * SLOT_BYTES))
    os.close(memory)
    for _ in range(SLOTS - 1):
        threading.Thread(target=service.serve, args=(gateway,)).start()
    service.serve(gateway)


if __name__ == "__main__":
    main()
