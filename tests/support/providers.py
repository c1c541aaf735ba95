"""A real HTTP server of this machine that stands for an SMS provider and for the push service of browsers."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ACCOUNT, TOKEN = "AC1", "token-of-the-account"


def text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@dataclass
class Browser:
    """A browser that has subscribed: reads messages as RFC 8291 says, written anew from the other side."""

    name: str
    secret: bytes = b"0123456789abcdef"
    own: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @property
    def point(self) -> bytes:
        return self.own.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    @property
    def keys(self) -> dict[str, str]:
        return {"p256dh": text(self.point), "auth": text(self.secret)}

    def read(self, body: bytes) -> dict[str, Any]:
        salt, length = body[:16], body[20]
        sender, sealed = body[21 : 21 + length], body[21 + length :]
        shared = self.own.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender))
        keying = _derived(self.secret, shared, b"WebPush: info\x00" + self.point + sender, 32)
        key = _derived(salt, keying, b"Content-Encoding: aes128gcm\x00", 16)
        nonce = _derived(salt, keying, b"Content-Encoding: nonce\x00", 12)
        return dict(json.loads(AESGCM(key).decrypt(nonce, sealed, None).rstrip(b"\x00")[:-1]))


def _derived(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(secret)


@dataclass
class Request:
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode()))


@dataclass
class Providers:
    """``status``: what is answered from now on, by kind ("sms", "push") or path; else it is taken. 0: nothing, ever."""

    origin: str = ""
    requests: list[Request] = field(default_factory=list)
    status: dict[str, int] = field(default_factory=dict)
    arrived: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def sms_url(self) -> str:
        return f"{self.origin.replace('http://', f'http://{ACCOUNT}:{TOKEN}@')}/2010-04-01"

    @property
    def sms(self) -> list[dict[str, str]]:
        """Every SMS that was handed in and taken."""
        return [one.form for one in self.requests if one.path.endswith("/Messages.json") and one.headers["x-taken"]]

    def sms_to(self, number: str) -> list[str]:
        """What a number was written."""
        return [one["Body"] for one in self.sms if one["To"] == number]

    @property
    def pushed(self) -> list[Request]:
        return [one for one in self.requests if one.path.startswith("/push/") and one.headers["x-taken"]]


@contextmanager
def providers(port: int = 0) -> Iterator[Providers]:
    """Serve on a free port."""
    stub = Providers()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kind = "push" if self.path.startswith("/push/") else "sms"
            status = stub.status.get(self.path, stub.status.get(kind, 201))
            headers = {name.lower(): value for name, value in self.headers.items()}
            stub.requests.append(Request(self.path, {**headers, "x-taken": "yes" if 0 < status < 300 else ""}, body))
            stub.arrived.set()
            if not status:
                stub.over.wait(60)
                return
            answer = json.dumps(
                {"sid": f"SM{len(stub.requests)}", "status": "queued"}
                if status < 300
                else {"code": 21211, "message": "The number is none"}
            ).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    class Patient(ThreadingHTTPServer):
        request_queue_size = 128

    server = Patient(("127.0.0.1", port), Handler)
    stub.origin = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield stub
    finally:
        stub.over.set()
        server.shutdown()
        thread.join()
        server.server_close()
