"""What comes of several sources is printed in the order of the sources, and of the first one at once."""

from cli.in_order import InOrder


def test_the_first_is_live_and_the_others_wait() -> None:
    printed: list[str] = []
    order = InOrder(["A", "B", "C"], printed.append)
    order.put(1, "b1")
    order.put(0, "a1")
    assert printed == ["A", "a1"]
    order.finish(2)
    order.put(0, "a2")
    order.finish(0)
    assert printed == ["A", "a1", "a2", "B", "b1"]
    order.put(1, "b2")
    assert printed[-1] == "b2"
    order.finish(1)
    assert printed == ["A", "a1", "a2", "B", "b1", "b2", "C"]


def test_an_empty_heading_is_none() -> None:
    printed: list[str] = []
    order = InOrder([""], printed.append)
    order.put(0, "a")
    assert printed == ["a"]
