"""Signed calls of the event webhook, and a server of the public routes as a process of its own."""

import base64
import http.client
import json
import multiprocessing
import socket
import time
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from urllib.parse import urlsplit

import uvicorn
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from bulkmail import web
from bulkmail.adapters.settings import read_settings
from bulkmail.adapters.workspace import open_workspace

KINDS = ("processed", "delivered", "open", "click", "deferred")
processes = multiprocessing.get_context("spawn")


class Signer:
    """SendGrid's side of the key."""

    def __init__(self):
        self._key = ec.generate_private_key(ec.SECP256R1())
        form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        self.public_key = base64.b64encode(self._key.public_key().public_bytes(*form)).decode()

    def headers(self, body, at=None):
        timestamp = str(int((at or datetime.now(UTC)).timestamp()))
        signature = self._key.sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))
        return {
            "Content-Type": "application/json",
            "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
            "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
        }


def a_call(number, events):
    """The body of one call, as large as SendGrid makes them: so many events that no other call holds."""
    at = int(time.time())
    entries = [
        {
            "email": f"reader{number}.{place}@example.com",
            "timestamp": at,
            "event": KINDS[place % len(KINDS)],
            "sg_event_id": f"event-{number}-{place}",
            "sg_message_id": f"request{number}.recvd-5f6d-{place}.0",
            "bm_a": f"{number:032x}",
            "bm_c": "c" * 64,
            "bm_r": str(place),
            "category": ["open-day"],
            "url": "https://www.lotusbay.edu.mo/",
        }
        for place in range(events)
    ]
    return json.dumps(entries).encode()


def serve(home, key, line):
    """The public routes, until this process ends; CPU seconds so far are told whenever somebody asks."""
    ws = open_workspace(read_settings({"BULKMAIL_HOME": home, "SENDGRID_WEBHOOK_KEY": key}))
    listening = socket.create_server(("127.0.0.1", 0))
    line.send(listening.getsockname()[1])
    config = uvicorn.Config(web.public_app(ws), log_config=None, access_log=False, lifespan="off", ws="none")
    uvicorn.Server(config).run([listening])


@contextmanager
def serving(home, key):
    """Yield (the server's process, its address)."""
    ours, theirs = processes.Pipe()
    process = processes.Process(target=serve, args=(str(home), key, theirs), daemon=True)
    process.start()
    try:
        yield process, f"http://127.0.0.1:{ours.recv()}/webhooks/sendgrid"
    finally:
        process.kill()
        process.join()


def post(line, url, body, headers):
    """The status of one call."""
    line.request("POST", urlsplit(url).path, body, headers)
    answer = line.getresponse()
    answer.read()
    return answer.status


def a_line(url):
    """A connection to post on, to be closed."""
    return closing(http.client.HTTPConnection(urlsplit(url).netloc, timeout=60))
