"""A client that sends the same kind of request over many connections as fast as they are answered.

    python -m tests.benchmarks.load HOST PORT CONNECTIONS SECONDS < requests

Standard input has one request a line, as JSON: [method, path, headers, body]; each connection goes through its share of
them, again and again. Prints {"answers": {status: count}, "seconds": …, "latencies": [p50, p99]} in milliseconds.
It is a process of its own and does as little as it can for each answer, so that the server is what is measured.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from itertools import cycle

HEAD_END = b"\r\n\r\n"
LENGTH = b"content-length:"


class Connection(asyncio.Protocol):
    """One connection: the next request when the answer to the last one is complete."""

    def __init__(self, requests: list[bytes], until: float, counts: Counter[str], latencies: list[float]) -> None:
        self.requests = cycle(requests)
        self.until = until
        self.counts = counts
        self.latencies = latencies
        self.received = b""
        self.sent = 0.0
        self.closed = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._next()

    def _next(self) -> None:
        self.sent = time.perf_counter()
        if self.sent > self.until:
            self.transport.close()
            return
        self.transport.write(next(self.requests))

    def data_received(self, data: bytes) -> None:
        """Count an answer that is complete."""
        self.received += data
        end = self.received.find(HEAD_END)
        if end < 0:
            return
        head = self.received[:end].lower()
        begin = head.find(LENGTH)
        length = int(head[begin + len(LENGTH) : head.find(b"\r\n", begin) if b"\r\n" in head[begin:] else None])
        if len(self.received) < end + len(HEAD_END) + length:
            return
        self.counts[self.received[9:12].decode()] += 1
        self.latencies.append(time.perf_counter() - self.sent)
        self.received = b""
        self._next()

    def connection_lost(self, error: Exception | None) -> None:
        """The end."""
        if not self.closed.done():
            self.closed.set_result(None)


def as_bytes(host: str, request: tuple[str, str, dict[str, str], str]) -> bytes:
    """A request as it goes over the wire."""
    method, path, headers, body = request
    raw = body.encode()
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", *(f"{name}: {value}" for name, value in headers.items())]
    lines += [f"Content-Length: {len(raw)}"] if raw else []
    return "\r\n".join(lines).encode() + HEAD_END + raw


async def run(host: str, port: int, connections: int, seconds: float, requests: list[bytes]) -> dict[str, object]:
    """Send for so many seconds."""
    loop, counts, latencies = asyncio.get_running_loop(), Counter[str](), list[float]()
    begun = time.perf_counter()
    made = []
    for number in range(connections):
        share = requests[number::connections] or requests
        connected = loop.create_connection(
            lambda share=share: Connection(share, begun + seconds, counts, latencies), host, port
        )
        made.append((await connected)[1])
    await asyncio.gather(*(one.closed for one in made))
    latencies.sort()
    points = [round(1000 * latencies[int(len(latencies) * share)], 1) for share in (0.5, 0.99)] if latencies else []
    return {"answers": dict(counts), "seconds": time.perf_counter() - begun, "latencies": points}


def main() -> None:
    """As the module says."""
    host, port, connections, seconds = sys.argv[1:]
    requests = [as_bytes(f"{host}:{port}", json.loads(line)) for line in sys.stdin]
    done = asyncio.run(run(host, int(port), int(connections), float(seconds), requests))
    sys.stdout.write(json.dumps(done))


if __name__ == "__main__":
    main()
