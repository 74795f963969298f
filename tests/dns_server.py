"""A real name server on loopback, UDP and TCP, for tests: `with serving_dns(ZONE) as server: ... server.address ...`.

A zone is text, one record a line: `name TYPE data`, without final dots or TTLs; `#` starts a comment. The data of TXT
is taken as it stands and cut into strings of 255 bytes. Instead of a record a name may carry a fault for every
question: `name SERVFAIL`, `name REFUSED`, `name SILENT` (no answer at all), or `name LAME` (a referral to the root).
`name SLOW` and `name TRUNCATED` stand beside its records: the answer comes late, or over TCP only. CNAMEs are followed
inside the zone, and a circle of them is answered as far as a server would go.
"""

import socket
import struct
import threading
from collections import defaultdict
from contextlib import contextmanager, suppress

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

FAULTS = {"SERVFAIL", "REFUSED", "SILENT", "LAME"}
MANNERS = {"SLOW", "TRUNCATED"}
LATE_SECONDS = 0.2


class DnsServer:
    """`address` is what the code under test asks; `asked` lists (name, type) of every question that arrived."""

    def __init__(self, zone):
        self.records, self.faults, self.manners = read_zone(zone)
        self.names = {parent for name in [*self.records, *self.faults] for parent in parents(name)}
        self.asked = []
        self.udp, self.tcp = bound_pair()
        self.address = self.udp.getsockname()
        self.threads = [threading.Thread(target=serve, daemon=True) for serve in (self.serve_udp, self.serve_tcp)]

    def serve_udp(self):
        while True:
            try:
                wire, client = self.udp.recvfrom(65535)
            except OSError:
                return
            if not wire:  # the socket was shut down
                return
            if answer := self.answer(wire):
                self.reply(answer, dns.message.from_wire(wire), client)

    def reply(self, answer, query, client):
        name = query.question[0].name.to_text(omit_final_dot=True).lower()
        if ("SLOW", name) in self.manners:
            late = threading.Timer(LATE_SECONDS, self.send_late, (fitting(answer, query), client))
            late.daemon = True
            late.start()
        else:
            self.udp.sendto(fitting(answer, query, short=("TRUNCATED", name) in self.manners), client)

    def send_late(self, wire, client):
        with suppress(OSError):  # the test may be over
            self.udp.sendto(wire, client)

    def serve_tcp(self):
        while True:
            try:
                connection, _ = self.tcp.accept()
            except OSError:
                return
            with connection:
                (length,) = struct.unpack("!H", connection.recv(2))
                if answer := self.answer(connection.recv(length)):
                    wire = answer.to_wire(max_size=65535)
                    connection.sendall(struct.pack("!H", len(wire)) + wire)

    def answer(self, wire):
        query = dns.message.from_wire(wire)
        question = query.question[0]
        name, kind = question.name.to_text(omit_final_dot=True).lower(), question.rdtype
        self.asked.append((name, dns.rdatatype.to_text(kind)))
        fault = self.faults.get(name)
        if fault == "SILENT":
            return None
        response = dns.message.make_response(query, recursion_available=True)
        if fault == "LAME":
            response.authority.append(dns.rrset.from_text(".", 60, "IN", "NS", "a.root-servers.net."))
        elif fault:
            response.set_rcode(dns.rcode.from_text(fault))
        else:
            self.fill(response, name, kind)
        return response

    def fill(self, response, name, kind):
        records = self.records.get(name, {})
        alias = records.get(dns.rdatatype.CNAME)
        if alias and kind != dns.rdatatype.CNAME and len(response.answer) < 20:
            response.answer.append(rrset(name, dns.rdatatype.CNAME, alias))
            self.fill(response, alias[0].target.to_text(omit_final_dot=True).lower(), kind)
        elif kind in records:
            response.answer.append(rrset(name, kind, records[kind]))
        else:
            response.set_rcode(dns.rcode.NOERROR if name in self.names else dns.rcode.NXDOMAIN)
            response.authority.append(dns.rrset.from_text("invalid.", 60, "IN", "SOA", "ns. root. 1 60 60 60 60"))


@contextmanager
def serving_dns(zone):
    """Yield a running `DnsServer`; its port is free again afterwards."""
    server = DnsServer(zone)
    for thread in server.threads:
        thread.start()
    try:
        yield server
    finally:
        for listener in (server.udp, server.tcp):
            # a blocked recvfrom or accept wakes up on shutdown, not on close
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
        for thread in server.threads:
            thread.join(5)
        server.udp.close()
        server.tcp.close()


def bound_pair():
    """Return a UDP and a TCP socket on one loopback port."""
    while True:
        tcp = socket.create_server(("127.0.0.1", 0))
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            udp.bind(tcp.getsockname())
        except OSError:
            tcp.close()
            udp.close()
            continue
        return udp, tcp


def read_zone(zone):
    records, faults, manners = defaultdict(lambda: defaultdict(list)), {}, set()
    for line in (line.split("#")[0].strip() for line in zone.strip().splitlines()):
        if line:
            name, kind, *data = line.split(maxsplit=2)
            if kind in FAULTS:
                faults[name] = kind
            elif kind in MANNERS:
                manners.add((kind, name))
            else:
                record = rdata(kind, data[0])
                records[name][record.rdtype].append(record)
    return {name: dict(kinds) for name, kinds in records.items()}, faults, manners


def rdata(kind, data):
    if kind == "TXT":
        data = " ".join('"' + data[start : start + 255].replace('"', '\\"') + '"' for start in range(0, len(data), 255))
    origin = dns.name.root
    return dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.from_text(kind), data, origin=origin, relativize=False)


def rrset(name, kind, records):
    found = dns.rrset.RRset(dns.name.from_text(name), dns.rdataclass.IN, kind)
    found.update_ttl(60)
    for record in records:
        found.add(record, 60)
    return found


def fitting(answer, query, *, short=False):
    """Return the answer as a datagram: what is too long for one is marked truncated, so that TCP is asked."""
    limit = max(512, query.payload)
    wire = answer.to_wire(max_size=65535)
    if len(wire) <= limit and not short:
        return wire
    cut = dns.message.make_response(query, recursion_available=True)
    cut.flags |= dns.flags.TC
    return cut.to_wire()


def parents(name):
    labels = name.split(".")
    return {".".join(labels[start:]) for start in range(len(labels))}
