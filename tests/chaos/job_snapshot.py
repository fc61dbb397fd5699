"""Everything that is under one prefix in Redis, read at one moment: what a test compares before and after."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from redis import Redis

_DUMP = """
local read = {
  string = function(name) return redis.call('GET', name) end,
  hash = function(name) return redis.call('HGETALL', name) end,
  set = function(name) return redis.call('SMEMBERS', name) end,
  list = function(name) return redis.call('LRANGE', name, 0, -1) end,
  zset = function(name) return redis.call('ZRANGE', name, 0, -1, 'WITHSCORES') end,
  stream = function(name) return redis.call('XRANGE', name, '-', '+') end,
}
local found = {}
for _, name in ipairs(redis.call('KEYS', ARGV[1] .. '*')) do
  local kind = redis.call('TYPE', name).ok
  found[string.sub(name, #ARGV[1] + 1)] = { kind, redis.call('PEXPIRETIME', name), read[kind](name) }
end
return next(found) and cjson.encode(found) or '{}'
"""


@dataclass(frozen=True)
class JobSnapshot:
    """Every key by its name without the prefix. Two are equal when nothing at all has changed between them."""

    expiries: Mapping[str, int]
    """When each key goes, in milliseconds since 1970; -1 for never."""
    values: Mapping[str, Any]

    @classmethod
    def take(cls, client: Redis, prefix: str) -> "JobSnapshot":
        """Read all keys in one script."""
        found = json.loads(cast("str", client.eval(_DUMP, 0, prefix)))
        return cls(
            {name: expiry for name, (_, expiry, _) in found.items()},
            {name: _VALUES[kind](value) for name, (kind, _, value) in found.items()},
        )

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def names(self, start: str) -> Iterator[str]:
        """Return the names of the keys that begin so."""
        return (name for name in self.values if name.startswith(start))

    def string(self, name: str) -> str | None:
        """Return a string, None if there is none."""
        return cast("str | None", self.values.get(name))

    def record(self, name: str) -> dict[str, str]:
        """Return a hash."""
        return cast("dict[str, str]", self.values.get(name, {}))

    def members(self, name: str) -> set[str]:
        """Return a set."""
        return cast("set[str]", self.values.get(name, set()))

    def entries(self, name: str) -> list[Any]:
        """Return a list's entries, each read from JSON."""
        return [json.loads(entry) for entry in self.values.get(name, [])]

    def scores(self, name: str) -> dict[str, float]:
        """Return a sorted set in its order."""
        return cast("dict[str, float]", self.values.get(name, {}))

    def stream(self, name: str) -> list[tuple[str, dict[str, str]]]:
        """Return a stream's entries with their ids."""
        return cast("list[tuple[str, dict[str, str]]]", self.values.get(name, []))


def _pairs(flat: list[str]) -> dict[str, str]:
    return dict(zip(flat[::2], flat[1::2], strict=True))


_VALUES: Mapping[str, Any] = {
    "string": str,
    "hash": _pairs,
    "set": set,
    "list": list,
    "zset": lambda flat: {member: float(score) for member, score in _pairs(flat).items()},
    "stream": lambda entries: [(event, _pairs(fields)) for event, fields in entries],
}
