"""A collector of OpenTelemetry on a port of this machine: takes spans over OTLP/HTTP and reads them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

_PATIENCE_S = 20.0


@dataclass(frozen=True, slots=True)
class Seen:
    """One span as it came in."""

    name: str
    trace: str
    id: str
    parent: str
    kind: int
    failed: bool
    took_ns: int
    service: str
    fields: Mapping[str, str | int]


@dataclass
class Collector:
    """What has come in so far."""

    url: str = ""
    spans: list[Seen] = field(default_factory=list)

    def take(self, body: bytes) -> None:
        """One request of an exporter."""
        for group in ExportTraceServiceRequest.FromString(body).resource_spans:
            service = str(_fields(group.resource.attributes)["service.name"])
            for scope in group.scope_spans:
                for one in scope.spans:
                    self.spans.append(_seen(one, service))

    def wait_for(self, wanted: Callable[[Seen], bool]) -> Seen:
        """The first span of that sort, as soon as it is here."""
        until = time.monotonic() + _PATIENCE_S
        while time.monotonic() < until:
            found = next((span for span in list(self.spans) if wanted(span)), None)
            if found is not None:
                return found
            time.sleep(0.02)
        raise AssertionError(f"no such span came; {len(self.spans)} did: {sorted({one.name for one in self.spans})}")

    def named(self, name: str, **fields: str | int) -> Seen:
        """The first span of that name with these fields."""
        return self.wait_for(lambda span: span.name == name and fields.items() <= span.fields.items())

    def parts_of(self, span: Seen) -> list[Seen]:
        """What went on in it, in the order in which it ended."""
        return [one for one in self.spans if one.trace == span.trace and one.parent == span.id]


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector that runs."""
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            known = self.path == "/v1/traces" and self.headers["Content-Type"] == "application/x-protobuf"
            if known:
                collector.take(body)
            self.send_response(200 if known else 404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        collector.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield collector
        finally:
            server.shutdown()
            thread.join()


def _seen(span: Span, service: str) -> Seen:
    return Seen(
        name=span.name,
        trace=span.trace_id.hex(),
        id=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        kind=span.kind,
        failed=span.status.code == Status.STATUS_CODE_ERROR,
        took_ns=span.end_time_unix_nano - span.start_time_unix_nano,
        service=service,
        fields=_fields(span.attributes),
    )


def _fields(attributes: Iterable[KeyValue]) -> dict[str, str | int]:
    return {
        one.key: one.value.int_value if one.value.HasField("int_value") else one.value.string_value
        for one in attributes
    }
