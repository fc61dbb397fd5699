"""What a snare leads to, and whether anybody went there: files that nobody may open, ports that nobody may talk to."""

import ctypes
import os
import re
import select
import socket
import struct
from pathlib import Path
from typing import Self

from tests.media import clip, references, transcoded

_IN_ACCESS, _IN_OPEN = 0x01, 0x20
"""Of <sys/inotify.h>."""
_TOKEN = b"canary-6f1d9b"
_WORDS_OF = "kitchen"
_RUN = 4


class Canary:
    """A recording of speech and a text, watched by the kernel, and a port on loopback, for TCP and for UDP.

    Attributes:
        recording: A WAV whose words no transcript may hold; its comment is the token.
        upload: The same, under a name such as uploads have.
        text: Lines that hold the token.
        token: What may turn up nowhere.
        port: Where nobody may connect, nor send a datagram.
    """

    token = _TOKEN.decode()

    def __init__(self, folder: Path) -> None:
        """Lay them out in a folder."""
        (text,) = (each.text for each in references() if each.id == _WORDS_OF)
        self._words = _words(text)
        self.recording = folder / "canary.wav"
        self.upload = folder / "ca9a11e5ca9a11e5ca9a11e5ca9a11e5"
        self.text = folder / "canary.txt"
        speech = transcoded(clip(_WORDS_OF), "wav", "pcm_s16le")
        comment = (
            struct.pack("<4sI4s4sI", b"LIST", 12 + len(_TOKEN) + 1, b"INFO", b"ICMT", len(_TOKEN)) + _TOKEN + b"\0"
        )
        for path in (self.recording, self.upload):
            path.write_bytes(speech[:12] + comment + speech[12:])
        self.text.write_bytes(_TOKEN + b"\n" + b"root:x:0:0:%s:/:/bin/sh\n" % _TOKEN * 100)

    def __enter__(self) -> Self:
        self._tcp = socket.create_server(("127.0.0.1", 0))
        self._tcp.setblocking(False)
        self.port: int = self._tcp.getsockname()[1]
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.setblocking(False)
        self._udp.bind(("127.0.0.1", self.port))
        libc = ctypes.CDLL(None, use_errno=True)
        self._inotify = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        for path in (self.recording, self.upload, self.text):
            if libc.inotify_add_watch(self._inotify, os.fsencode(path), _IN_ACCESS | _IN_OPEN) < 0:
                raise OSError(ctypes.get_errno(), "inotify_add_watch")
        return self

    def __exit__(self, *exception: object) -> None:
        os.close(self._inotify)
        self._tcp.close()
        self._udp.close()

    def told_by(self, said: str) -> list[str]:
        """Return what of it there is in a text: the token, or four words in a row."""
        words = _words(said)
        runs = [" ".join(self._words[at : at + _RUN]) for at in range(len(self._words) - _RUN + 1)]
        return [secret for secret in (self.token, *runs) if secret in said or secret in " ".join(words)]

    def touched(self) -> list[str]:
        """Return what was done to it since the last call: files opened, connections made, datagrams sent."""
        done = []
        while select.select([self._inotify], [], [], 0)[0]:
            os.read(self._inotify, 65_536)
            done.append("a file was opened")
        while select.select([self._tcp], [], [], 0)[0]:
            connection, _ = self._tcp.accept()
            connection.close()
            done.append("a connection was made")
        while select.select([self._udp], [], [], 0)[0]:
            self._udp.recv(65_536)
            done.append("a datagram was sent")
        return sorted(set(done))


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.casefold())
