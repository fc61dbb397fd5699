"""The logs of the whole service, at DEBUG: a request can be followed through them, and what users send is in none.

Everything a client sends is marked; every kind of refusal and failure is provoked; then all logs are searched for
transcripts, file names, keys and what was in a URL's query.
"""

import base64
import os
import re
import signal
import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from core.keys import Keys
from tests.harness.balancer import Balancer, running_balancer
from tests.harness.receiver import Receiver, Reply
from tests.harness.service import Service, until
from tests.media import clip, garbage, silence_wav, text_named_mp3, truncated_flac, wav_without_samples

MARK = "zqcanary"
"""In everything that is nobody's business."""
SPEECH = ("keeper", "climbed", "stairs", "lamp", "ships")
"""Words that are spoken in the clip, and are in no log message."""
QUERY = f"token={MARK}-query"
ADMIN_KEY = f"{MARK}-admin-key-of-enough-characters"
SECRETS = {
    "Authorization": f"Bearer {ADMIN_KEY}",
    "Idempotency-Key": f"{MARK}-idempotency",
    "Cookie": f"session={MARK}-cookie",
    "Last-Event-ID": f"{MARK}-event",
    "Referer": f"https://example.com/?{MARK}-referrer",
    "User-Agent": f"{MARK}-agent",
}
WEBHOOK_SECRET = f"whsec_{base64.b64encode(MARK.encode() * 4).decode()}"
NOBODYS = "0" * 32
SUBMISSIONS = 80
"""More than are needed before the test is one too many."""


class Snoop:
    """A client whose every word is marked, and the statuses he was answered."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.statuses: set[int] = set()
        self._number = 0

    def ask(
        self, method: str, path: str, *, query: str = QUERY, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        joint = "&" if "?" in path else "?"
        answer = httpx.request(
            method, f"{self.url}{path}{joint}{query}", headers=SECRETS | (headers or {}), trust_env=False, timeout=60
        )
        self.statuses.add(answer.status_code)
        return answer

    def post(self, media: bytes, **options: str) -> httpx.Response:
        """Post a file; under an idempotency key of its own, unless that is given."""
        self._number += 1
        answer = httpx.post(
            f"{self.url}/transcribe?{QUERY}",
            headers=SECRETS | {"Idempotency-Key": options.pop("key", f"{MARK}-{self._number}")},
            files={"file": (f"{MARK}-name.wav", media, f"audio/{MARK}")},
            data={"initial_prompt": f"{MARK} prompt", "hotwords": f"{MARK} hotwords", **options},
            trust_env=False,
            timeout=60,
        )
        self.statuses.add(answer.status_code)
        return answer

    def raw(self, sent: bytes, *, reset: bool = False) -> None:
        """Send bytes as they are and, with `reset`, break the connection off."""
        address = urlsplit(self.url)
        with socket.create_connection((address.hostname, address.port), timeout=20) as connection:
            connection.sendall(sent)
            if reset:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            else:
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):
                    pass


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service(
        tmp_path_factory.mktemp("service"),
        LOG_LEVEL="DEBUG",
        LOG_FORMAT="json",
        AUTH_MODE="api_key",
        ADMIN_KEY=ADMIN_KEY,
        MAX_FILE_SIZE_MB="2",
        MAX_AUDIO_SECONDS="60",
        WEBHOOK_SECRET=WEBHOOK_SECRET,
        OUTBOUND_ALLOWED_NETWORKS="127.0.0.1/32",
        RATE_LIMIT_SUBMIT=f"{SUBMISSIONS}/hour",
        CLEAN_UP_SECONDS="1",
    ) as service:
        service.client.headers["Authorization"] = f"Bearer {ADMIN_KEY}"
        yield service


@pytest.fixture(scope="module")
def balancer(running: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Balancer]:
    with running_balancer(tmp_path_factory.mktemp("nginx"), running.port) as balancer:
        yield balancer


def with_title(wav: bytes) -> bytes:
    """Return a WAV that says what it is called."""
    title = f"{MARK} title".encode()
    info = b"INFOINAM" + struct.pack("<I", len(title)) + title + bytes(len(title) % 2)
    body = wav[8:] + b"LIST" + struct.pack("<I", len(info)) + info
    return b"RIFF" + struct.pack("<I", len(body)) + body


def test_a_request_can_be_followed_from_the_balancer_to_the_worker(running: Service, balancer: Balancer) -> None:
    answer = Snoop(balancer.url).post(silence_wav(1))
    request_id, job_id = answer.headers["x-request-id"], answer.json()["job_id"]
    running.finished(job_id)
    logs = running.data_dir / "logs"

    def line(log: Path, *words: str) -> str | None:
        return next((line for line in log.read_text().splitlines() if all(word in line for word in words)), None)

    assert until(lambda: line(balancer.log, '"path":"/transcribe"', request_id), 20)
    assert line(logs / "gateway.log", "job_accepted", request_id, job_id)
    for event in ("attempt_started", "attempt_ended"):
        assert until(lambda event=event: line(logs / "worker-1.log", event, request_id, job_id), 20)  # type: ignore[misc]


@pytest.mark.parametrize("sent", [f"{MARK} id", "x" * 65, "é", ""])
def test_an_id_that_could_write_into_a_log_is_replaced(running: Service, sent: str) -> None:
    answer = running.client.get("/health", headers=[(b"x-request-id", sent.encode())])
    assert re.fullmatch("[0-9a-f]{16}", answer.headers["x-request-id"])


def test_no_log_tells_what_is_nobodys_business(running: Service, balancer: Balancer) -> None:
    direct, balanced = Snoop(f"http://127.0.0.1:{running.port}"), Snoop(balancer.url)

    transcribe(direct, running)
    in_other_words(direct, running)
    for snoop in (direct, balanced):
        refuse(snoop)
    key = use_a_key(direct)
    be_told(direct, running)
    fail(direct, running)
    assert direct.statuses >= {200, 201, 202, 400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 500, 503}
    balanced.raw(f"POST /transcribe?{QUERY} HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999999\r\n\r\n".encode())
    running.stop()
    assert balanced.ask("GET", "/health").status_code == 502
    # nginx writes a line once it has sent the answer.
    until(lambda: '"status":502' in balancer.log.read_text() or None, 10)

    logs = {path.name: path.read_text(errors="replace") for path in (running.data_dir / "logs").iterdir()}
    logs |= {"up": "\n".join(running.lines), "nginx": balancer.log.read_text()}
    assert logs.keys() >= {"gateway.log", "worker-1.log", "beat.log", "valkey.log"}
    # What must be there is there: the logs are those of what was done.
    for name, words in {
        "gateway.log": ("job_accepted", "unexpected_error", "store_unavailable", '"level":"debug"'),
        "worker-1.log": ('"outcome":"completed"', '"outcome":"failed"'),
        "beat.log": ('"outcome":"delivered"', '"outcome":"retry"', '"outcome":"disabled"'),
        "nginx": ('"status":502', '"status":413', '"path":"/transcribe"'),
    }.items():
        assert [word for word in words if word not in logs[name]] == [], name
    secret = re.compile(
        rf"{MARK}|{re.escape(key)}|{re.escape(WEBHOOK_SECRET)}|\b(?:{'|'.join(SPEECH)})\b", re.IGNORECASE
    )
    found = [(name, line) for name, log in logs.items() for line in log.splitlines() if secret.search(line)]
    assert found == []


def transcribe(snoop: Snoop, running: Service) -> None:
    """Do what goes well, and read it in every way."""
    job_id = snoop.post(clip("lighthouse").read_bytes(), key=SECRETS["Idempotency-Key"]).json()["job_id"]
    snoop.ask("GET", f"/events/{job_id}")
    running.finished(job_id)
    for result_format in ("json", "verbose_json", "text", "srt", "vtt", "tsv"):
        answer = snoop.ask("GET", f"/result/{job_id}?format={result_format}")
        assert all(word in answer.text for word in SPEECH)
    snoop.ask("GET", f"/status/{job_id}?wait=1")
    snoop.ask("GET", "/jobs")
    running.finished(snoop.post(with_title(silence_wav(2))).json()["job_id"])
    snoop.post(silence_wav(1), key=SECRETS["Idempotency-Key"])  # the key is another body's
    running.finished(snoop.post(truncated_flac()).json()["job_id"])
    running.finished(snoop.post(silence_wav(61)).json()["job_id"])
    running.finished(snoop.post(silence_wav(1), clip_start_seconds="30").json()["job_id"])
    running.finished(snoop.post(b"fLaC" + garbage(1, 5000)).json()["job_id"])
    waiting = snoop.post(silence_wav(60)).json()["job_id"]
    snoop.ask("GET", f"/result/{waiting}")
    snoop.ask("DELETE", f"/job/{waiting}")
    snoop.ask("DELETE", f"/job/{job_id}")


def in_other_words(snoop: Snoop, running: Service) -> None:
    """Do as clients of AssemblyAI and of whisper-asr-webservice do."""
    headers = {"Authorization": ADMIN_KEY}
    uploaded = httpx.post(
        f"{snoop.url}/v2/upload?{QUERY}", headers=headers, content=clip("lighthouse").read_bytes(), trust_env=False
    )
    made = httpx.post(
        f"{snoop.url}/v2/transcript?{QUERY}",
        headers=headers,
        json={
            "audio_url": uploaded.json()["upload_url"],
            "keyterms_prompt": [MARK],
            "webhook_url": f"http://127.0.0.1:9/{MARK}",
            "webhook_auth_header_name": f"X-{MARK}",
            "webhook_auth_header_value": f"{MARK} secret",
        },
        trust_env=False,
    )
    job_id = made.json()["id"]
    running.finished(job_id)
    for path in ("", "/srt", "/vtt", "/sentences", "/paragraphs", f"/word-search?words={SPEECH[0]}"):
        assert SPEECH[0] in snoop.ask("GET", f"/v2/transcript/{job_id}{path}").text
    snoop.ask("POST", "/v2/transcript", headers={"Content-Type": f"application/{MARK}"})
    snoop.ask("DELETE", f"/v2/transcript/{job_id}")
    answer = httpx.post(
        f"{snoop.url}/asr?initial_prompt={MARK}&video_file=/films/{MARK}.mkv",
        headers=headers,
        files={"audio_file": (f"{MARK}.flac", clip("lighthouse").read_bytes())},
        trust_env=False,
        timeout=60,
    )
    assert SPEECH[0] in answer.text


def refuse(snoop: Snoop) -> None:
    """Ask for what is refused."""
    for path in ("/status/", "/result/", "/events/", "/dead-letters/"):
        snoop.ask("GET", f"{path}{NOBODYS}")
        snoop.ask("GET", f"{path}x")
    for path in ("/nowhere", "/health", "/health/ready", "/metrics", "/stats", "/dead-letters", "/docs", "/"):
        snoop.ask("GET", path)
    snoop.ask("PUT", "/health")
    snoop.ask("GET", "/jobs", query=f"cursor={MARK}&status={MARK}&limit={MARK}")
    snoop.ask("GET", f"/status/{NOBODYS}", query=f"wait={MARK}")
    snoop.ask("POST", "/transcribe", headers={"Content-Type": f"application/{MARK}"})
    for options in ({"beam_size": MARK}, {MARK: MARK}, {"language": MARK}, {"model": MARK}):
        snoop.post(silence_wav(1), **options)
    for media in (text_named_mp3(), wav_without_samples(), b"", bytes(3 * 1024 * 1024), MARK.encode()):
        snoop.post(media)
    form = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{MARK}"\r\n\r\n{MARK}'
    head = f"POST /transcribe?{QUERY} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ADMIN_KEY}\r\n"
    multipart = "Content-Type: multipart/form-data; boundary=x\r\n"
    snoop.raw(f"{head}{multipart}Content-Length: 9999\r\n\r\n{form}".encode(), reset=True)
    snoop.raw(f"{head}{multipart}Content-Length: 9999\r\n\r\n{form}".encode())
    snoop.raw(f"{head}{multipart}Content-Length: {len(MARK)}\r\n\r\n{MARK}".encode())
    snoop.raw(f"{head}{multipart}Transfer-Encoding: chunked\r\n\r\n{MARK}\r\n".encode())
    snoop.raw(f"GET /status/x?{QUERY} HTTP/9.9\r\n{MARK}\r\n\r\n".encode())
    snoop.raw(f"GET /status/x?{QUERY}{'x' * 100_000} HTTP/1.1\r\n\r\n".encode())
    snoop.raw(f"GET /health?{QUERY} HTTP/1.1\r\nHost: {MARK}\r\nConnection: close\r\nA: \x00{MARK}\r\n\r\n".encode())
    snoop.ask("POST", "/transcribe", headers={"Content-Type": "multipart/form-data"})


def use_a_key(snoop: Snoop) -> str:
    """Make a key, use it for what it may be used for and for more, and revoke it; return it."""
    headers = {"Authorization": SECRETS["Authorization"]}
    made = httpx.post(
        f"{snoop.url}/keys?{QUERY}",
        headers=headers,
        json={"name": f"{MARK} name", "tenant": "somebody", "scopes": ["read"]},
        trust_env=False,
    )
    snoop.statuses.add(made.status_code)
    key, key_id = str(made.json()["key"]), str(made.json()["key_id"])
    for header in ({"Authorization": f"Bearer {key}"}, {"Authorization": "", "X-API-Key": key}):
        snoop.ask("GET", "/jobs", headers=header)
        snoop.ask("GET", "/stats", headers=header)
    snoop.ask("DELETE", f"/keys/{key_id}")
    for wrong in (f"Bearer {MARK}", f"Basic {MARK}", f"Bearer {key}x", MARK):
        snoop.ask("GET", "/jobs", headers={"Authorization": wrong})
    return key


def be_told(snoop: Snoop, running: Service) -> None:
    """Have webhooks delivered, refused for good and refused for now, at addresses that are nobody's business."""
    statuses = {f"/{MARK}-hook": 204, f"/{MARK}-gone": 410, f"/{MARK}-busy": 503}
    with Receiver(lambda received: Reply(statuses[urlsplit(received.path).path])) as receiver:
        for path, state in zip(statuses, ("delivered", "disabled", "due"), strict=True):
            url = receiver.url(f"{path}?{QUERY}")
            job_id = snoop.post(silence_wav(1), webhook_url=url, initial_prompt=path).json()["job_id"]
            until(lambda job_id=job_id, state=state: told(snoop, job_id, state), 30, running.output)  # type: ignore[misc]
            snoop.ask("POST", f"/webhooks/{job_id}/replay")
    for refused in (f"http://10.0.0.1/{MARK}?{QUERY}", f"ftp://{MARK}/", f"http://{MARK}:{MARK}@example.com/"):
        assert snoop.post(silence_wav(1), webhook_url=refused).status_code in {202, 422}


def told(snoop: Snoop, job_id: str, state: str) -> bool | None:
    """Tell whether a job's only event stands so, after an attempt to deliver it."""
    events = snoop.ask("GET", f"/webhooks/{job_id}").json()["events"]
    return True if [event["state"] for event in events if event["attempts"]] == [state] else None


def fail(snoop: Snoop, running: Service) -> None:
    """Break the store, and ask too often."""
    job_id = snoop.post(clip("snow").read_bytes()).json()["job_id"]
    running.finished(job_id)
    store = running.redis()
    store.rpush(Keys().segments(job_id), f'{{"text": ["{MARK} {SPEECH[0]}"]}}')
    assert snoop.ask("GET", f"/result/{job_id}").status_code == 500
    while snoop.post(silence_wav(1)).status_code != 429:
        pass
    os.kill(int(store.info("server")["process_id"]), signal.SIGKILL)
    until(lambda: True if snoop.ask("GET", f"/status/{job_id}").status_code == 503 else None, 20)
    until(lambda: True if snoop.ask("GET", "/health/ready").status_code == 200 else None, 60, running.output)
