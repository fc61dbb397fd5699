"""An identity provider on loopback: publishes the keys it signs tokens with, and signs what it is told to."""

import base64
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import get_default_algorithms

ISSUER = "https://identity.example"
AUDIENCE = "scriptorium"
PrivateKey: TypeAlias = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class SigningKey:
    """A private key with the id and the algorithm it goes by."""

    kid: str
    algorithm: str
    private: PrivateKey

    @classmethod
    def make(cls, kid: str, algorithm: str = "ES256") -> "SigningKey":
        """Make a key for an algorithm."""
        match algorithm:
            case "ES256":
                return cls(kid, algorithm, ec.generate_private_key(ec.SECP256R1()))
            case "EdDSA":
                return cls(kid, algorithm, ed25519.Ed25519PrivateKey.generate())
            case _:
                return cls(kid, algorithm, rsa.generate_private_key(65537, 2048))

    @property
    def jwk(self) -> dict[str, Any]:
        """The public half, as it is published."""
        public = self.private.public_key()
        described = get_default_algorithms()[self.algorithm].to_jwk(public, as_dict=True)
        return {**described, "kid": self.kid, "alg": self.algorithm, "use": "sig"}


@dataclass
class IdentityProvider:
    """What it publishes can be changed at any time."""

    keys: list[SigningKey] = field(default_factory=lambda: [SigningKey.make("first")])
    extra: list[dict[str, Any]] = field(default_factory=list)
    """Published as they are, among the keys."""
    body: bytes | None = None
    """Answered in the place of the keys."""
    status: int = 200
    delay_seconds: float = 0.0
    fetches: int = 0
    url: str = ""

    def document(self) -> bytes:
        """Return what it publishes."""
        return self.body or json.dumps({"keys": [*(key.jwk for key in self.keys), *self.extra]}).encode()

    def token(self, signed_with: SigningKey | None = None, **claims: Any) -> str:  # noqa: ANN401 - any JSON
        """Return a token that is valid for ten minutes, but for what is given; None leaves a claim out."""
        key = signed_with or self.keys[0]
        return jwt.encode(self.claims(**claims), key.private, key.algorithm, headers={"kid": key.kid})

    def claims(self, **claims: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
        """Return a token's claims."""
        now = int(time.time())
        usual = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": "ann",
            "tenant": "acme",
            "scope": "openid submit read",
            "iat": now,
            "exp": now + 600,
        }
        return {name: value for name, value in (usual | claims).items() if value is not None}


def encoded(part: object) -> str:
    """Return a part of a token."""
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@contextmanager
def identity_provider() -> Iterator[IdentityProvider]:
    """Run one."""
    provider = IdentityProvider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            provider.fetches += 1
            time.sleep(provider.delay_seconds)
            body = provider.document()
            self.send_response(provider.status)
            self.send_header("location", "/elsewhere")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the parent has it
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        provider.url = f"http://127.0.0.1:{listening.server_port}/jwks.json"
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield provider
        listening.shutdown()
        thread.join()
