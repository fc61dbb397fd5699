"""Server-sent events are the same however the network cuts them."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from scriptorium.client.server_sent_events import EventReader, ServerSentEvent

STREAM = (
    "\n: a comment\n\nevent: status\ndata: {}\nid: 1-0\n\n"
    "data:first\r\ndata: second ü\r\nretry: 3\r\n\r\n"
    "event: nothing\n\nid: 2-0\n\nevent: last\ndata\n\nevent: cut\ndata: off\n"
).encode()
EVENTS = [
    ServerSentEvent("status", "{}", "1-0"),
    ServerSentEvent("", "first\nsecond ü", None),
    ServerSentEvent("last", "", None),
]


@given(st.lists(st.integers(0, len(STREAM)), max_size=8))
def test_events_are_the_same_however_they_are_cut(cuts: list[int]) -> None:
    reader = EventReader()
    places = [0, *sorted(cuts), len(STREAM)]
    pieces = [STREAM[start:end] for start, end in pairwise(places)]
    assert [event for piece in pieces for event in reader.read(piece)] == EVENTS
