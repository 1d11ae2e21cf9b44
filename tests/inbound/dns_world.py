"""A small name server on loopback: what a test puts into its zone is what there is; it can stay silent."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import cast

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from inbound.dns_answers import Resolver


@dataclass
class Zone(asyncio.DatagramProtocol):
    """Records by (name, type), each as it is written in a zone file."""

    records: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    port: int = 0
    silent: set[str] = field(default_factory=set)
    """Names, and ends of names, that are not answered."""
    asked: list[tuple[str, str]] = field(default_factory=list)
    transport: asyncio.DatagramTransport | None = None

    def txt(self, name: str, text: str) -> None:
        pieces = [text[at : at + 200] for at in range(0, len(text), 200)]
        self.records.setdefault((name, "TXT"), []).append(" ".join(f'"{piece}"' for piece in pieces))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, sender: tuple[str | object, int]) -> None:
        query = dns.message.from_wire(data)
        [question] = query.question
        name = question.name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        self.asked.append((name, kind))
        if any(name.endswith(one) for one in self.silent):
            return
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        found = self.records.get((name, kind))
        if found:
            answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *found))
        elif not any(known == name for known, _ in self.records):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        assert self.transport is not None
        self.transport.sendto(answer.to_wire(max_size=4096), sender)


@asynccontextmanager
async def name_server() -> AsyncIterator[tuple[Zone, Resolver]]:
    """Serve a zone on a free port, with a resolver that asks it and is soon out of patience."""
    loop = asyncio.get_running_loop()
    transport, zone = await loop.create_datagram_endpoint(Zone, local_addr=("127.0.0.1", 0))
    port = zone.port = transport.get_extra_info("sockname")[1]
    try:
        yield zone, Resolver(["127.0.0.1"], port=port, patience=timedelta(milliseconds=400))
    finally:
        transport.close()
