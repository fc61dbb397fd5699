"""A key or token is found in whatever form the clients of the APIs that are spoken here send it."""

import base64

import httpx
import pytest
from starlette.requests import Request

from api.credentials import bearer_token

KEY = "scr_3d58f7e7cb78c4c7_abc-DEF"


def token_of(authorization: str | None) -> bytes | None:
    headers = [] if authorization is None else [(b"authorization", authorization.encode("latin-1"))]
    return bearer_token(Request({"type": "http", "headers": headers}))


@pytest.mark.parametrize("sent", [f"Bearer {KEY}", f"bearer  {KEY} ", KEY, f" {KEY} "])
def test_a_key_is_sent_with_its_scheme_or_bare(sent: str) -> None:
    assert token_of(sent) == KEY.encode()


def test_a_key_in_a_servers_url_is_sent_as_its_password() -> None:
    url = httpx.URL(f"http://bazarr:{KEY}@127.0.0.1:8000/asr")
    sent = next(httpx.BasicAuth(url.username, url.password).auth_flow(httpx.Request("POST", url)))
    assert token_of(sent.headers["authorization"]) == KEY.encode()


@pytest.mark.parametrize(
    "sent",
    [
        None,
        "",
        " ",
        f"Digest {KEY}",
        f"Basic {KEY}",
        "Basic é",
        f"Basic {base64.b64encode(b'nobody').decode()}",
        f"Basic {base64.b64encode(b'nobody:').decode()}",
    ],
)
def test_what_holds_no_key_is_none(sent: str | None) -> None:
    assert token_of(sent) is None
