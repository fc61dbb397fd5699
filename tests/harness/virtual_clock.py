"""An event loop whose clock jumps to the next timer instead of waiting for it: minutes take no time, to the digit."""

import asyncio
import selectors


class VirtualClockLoop(asyncio.SelectorEventLoop):
    """For code that waits for timers and for nothing else: neither sockets nor threads."""

    def __init__(self) -> None:
        super().__init__(_Jumping(self))
        self.now = 0.0

    def time(self) -> float:
        """Return the virtual time."""
        return self.now


class _Jumping(selectors.SelectSelector):
    def __init__(self, loop: VirtualClockLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "nothing would ever happen"
        self._loop.now += max(0.0, timeout)
        return super().select(0)
