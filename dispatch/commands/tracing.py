"""Sends spans to a collector over OTLP/HTTP, where the environment names one (``dispatch[traces]``)."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from threading import Timer
from types import TracebackType
from typing import Final, Self

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from dispatch import __version__
from dispatch.engine.traces import Carrier, Span
from dispatch.errors import DispatchError
from dispatch.service.marks import REQUEST_ID, TICK_ID

_CLOSING_S: Final = 3.0
"""How long the end of the service waits for a collector."""


class OtelTraces:
    """Traces as the standard environment variables ask for (``OTEL_EXPORTER_OTLP_ENDPOINT`` and its kin)."""

    def __init__(self) -> None:
        self._provider = TracerProvider(resource=_resource(), shutdown_on_exit=False)
        self._exporter = OTLPSpanExporter()
        self._provider.add_span_processor(BatchSpanProcessor(self._exporter))
        self._tracer = self._provider.get_tracer("dispatch", __version__)
        self._headers = TraceContextTextMapPropagator()

    def span(
        self, name: str, /, *, parent: Carrier | None = None, serving: bool = False, **fields: str | int
    ) -> AbstractContextManager[Span]:
        """See ``Traces.span``."""
        opening = self._tracer.start_as_current_span(
            name,
            context=None if parent is None else self._headers.extract(parent),
            kind=SpanKind.SERVER if serving else SpanKind.INTERNAL,
            attributes={**_marks(), **fields},
            record_exception=False,
            set_status_on_exception=False,
        )
        return _Under(opening)

    def here(self) -> dict[str, str]:
        """See ``Traces.here``."""
        found: dict[str, str] = {}
        self._headers.inject(found)
        return found

    def close(self) -> None:
        """See ``Traces.close``; a collector that does not answer is not waited for longer than three seconds."""
        giving_up = Timer(_CLOSING_S, self._exporter.shutdown)
        giving_up.start()
        self._provider.shutdown()
        giving_up.cancel()


class _Under:
    """A span of the SDK. A refusal is noted by its code, any other error fails the span; their texts stay here."""

    def __init__(self, opening: AbstractContextManager[trace.Span]) -> None:
        self._opening = opening
        self._span: trace.Span = trace.INVALID_SPAN

    def __enter__(self) -> Self:
        self._span = self._opening.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if isinstance(error, DispatchError):
            self._span.set_attribute("refused", error.code)
        elif isinstance(error, Exception):
            self._span.set_status(Status(StatusCode.ERROR, type(error).__name__))
        self._opening.__exit__(kind, error, traceback)

    def note(self, **fields: str | int) -> None:
        """See ``Span.note``."""
        self._span.set_attributes(fields)

    def rename(self, name: str) -> None:
        """See ``Span.rename``."""
        self._span.update_name(name)


def _resource() -> Resource:
    """What the environment says of this process; the name is ours where it says none."""
    ours = Resource({SERVICE_NAME: "dispatch", "service.version": __version__})
    told = Resource.create({})
    named = not str(told.attributes.get(SERVICE_NAME, "")).startswith("unknown_service")
    return ours.merge(told) if named else told.merge(ours)


def _marks() -> Mapping[str, str]:
    """The ids that the log has, too."""
    every = (("request_id", REQUEST_ID.get()), ("tick_id", TICK_ID.get()))
    return {name: value for name, value in every if value}
