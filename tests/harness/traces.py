"""Every place in Redis and on disk where something of a job could be left, searched for words."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from redis import Redis

_READ: Mapping[str, Callable[[Any, str], object]] = {
    "string": lambda client, name: client.get(name),
    "hash": lambda client, name: client.hgetall(name),
    "set": lambda client, name: client.smembers(name),
    "list": lambda client, name: client.lrange(name, 0, -1),
    "zset": lambda client, name: client.zrange(name, 0, -1, withscores=True),
    "stream": lambda client, name: client.xrange(name),
}


def traces(client: Redis, words: Iterable[str], *folders: Path, prefix: str = "") -> list[str]:
    """Return the names of all keys and files that hold one of these words, in the name or in what is there."""
    sought = list(words)
    found = []
    for name in client.scan_iter(f"{prefix}*", count=1000):
        kind = str(client.type(name))
        if kind == "none":  # it has expired meanwhile
            continue
        text = f"{name} {_READ[kind](client, name)}"
        found += [f"{word} in {name}" for word in sought if word in text]
    for path in (path for folder in folders for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        found += [f"{word} in {path}" for word in sought if word in path.name or word.encode() in content]
    return found
