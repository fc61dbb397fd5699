"""A resolver of names whose answers a test decides."""

from ipaddress import ip_address

from core.user_urls import IpAddress


class Names:
    """Gives the next answer each time it is asked, and the last one for ever, whatever the name."""

    def __init__(self, *answers: list[str]) -> None:
        self._answers = list(answers)
        self.asked: list[tuple[str, int]] = []

    def __call__(self, host: str, port: int) -> list[IpAddress]:
        self.asked.append((host, port))
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return [ip_address(address) for address in answer]
