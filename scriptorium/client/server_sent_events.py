"""Reads server-sent events out of the bytes of a stream, as the HTML standard has them."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """One event: its name, its data, and its id if it has one."""

    name: str
    data: str
    event_id: str | None


class EventReader:
    """Takes bytes as they come and yields events as they are whole; one that is cut off at the end is none."""

    def __init__(self) -> None:
        self._rest = b""
        self._name = ""
        self._data: list[str] = []
        self._id: str | None = None

    def read(self, piece: bytes) -> Iterator[ServerSentEvent]:
        """Yield what is whole with these bytes."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        for line in lines:
            if (event := self._take(line.removesuffix(b"\r").decode("utf-8", "replace"))) is not None:
                yield event

    def _take(self, line: str) -> ServerSentEvent | None:
        if not line:
            return self._whole()
        field, _, value = line.partition(":")  # a comment has no field's name
        value = value.removeprefix(" ")
        match field:
            case "event":
                self._name = value
            case "data":
                self._data.append(value)
            case "id":
                self._id = value
            case _:
                pass
        return None

    def _whole(self) -> ServerSentEvent | None:
        event = ServerSentEvent(self._name, "\n".join(self._data), self._id) if self._data else None
        self._name, self._data, self._id = "", [], None
        return event
