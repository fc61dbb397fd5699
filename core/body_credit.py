"""How far a body may fall behind the rate at which it must come: the arithmetic of uploads and of what is fetched."""


class Credit:
    """The seconds that whoever sends a body may still keep us waiting.

    It begins with the grace. Each second of waiting costs one, each byte earns what it may take at the minimum rate,
    and there is never more than the grace: so whatever came before, a sender that stalls is given up after the grace,
    and one that drips at half the rate after twice that.
    """

    def __init__(self, *, min_bytes_per_second: float, grace_seconds: float) -> None:
        self._min_bytes_per_second = min_bytes_per_second
        self._grace_seconds = grace_seconds
        self.seconds = grace_seconds

    @property
    def behind_seconds(self) -> float:
        """How much of the grace is used up."""
        return self._grace_seconds - self.seconds

    def settle(self, *, waited_seconds: float, size_bytes: int) -> None:
        """Charge a wait and credit what came at its end."""
        earned = size_bytes / self._min_bytes_per_second - waited_seconds
        self.seconds = min(self._grace_seconds, self.seconds + earned)
