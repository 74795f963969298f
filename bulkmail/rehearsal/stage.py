"""What one running rehearsal is made of, shared by its server and by the passing of its time."""

import asyncio
import os
import threading
import time
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from bulkmail.rehearsal.faults import Faults
from bulkmail.rehearsal.letters import Store
from bulkmail.rehearsal.limiting import RateLimit


@dataclass(kw_only=True)
class Stage:
    """`speed` is how many simulated seconds pass in a real one: an event falls due that much sooner than its timestamp
    says. `clock` gives seconds since 1970; `webhook_url` is "" until it is known; `lines` are the open connections, by
    who is at the other end."""

    store: Store
    signing_key: ec.EllipticCurvePrivateKey
    faults: Faults
    seed: int
    speed: float
    webhook_url: str = ""
    bodies: Path | None = None
    clock: Callable[[], float] = time.time
    limit: RateLimit | None = None
    post_again_at: float = 0.0
    lines: dict[object, asyncio.Transport] = field(default_factory=dict)
    refuse: Callable[[float, object], None] = lambda seconds, spare: None  # set by the server that runs
    wake: threading.Event = field(default_factory=threading.Event)
    closing: threading.Event = field(default_factory=threading.Event)

    @property
    def public_key(self) -> str:
        """The key that verifies the events, as SendGrid shows it: base64 of the DER form."""
        public = self.signing_key.public_key()
        der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        return b64encode(der).decode()


def signing_key(folder: Path) -> ec.EllipticCurvePrivateKey:
    """The key pair of this folder, made at the first call and kept for its owner's eyes only."""
    path = folder / "webhook_private_key.pem"
    if not path.exists():
        pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
    key = serialization.load_pem_private_key(path.read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key
