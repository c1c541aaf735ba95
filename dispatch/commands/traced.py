"""Whether the environment asks for traces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dispatch.engine.traces import NO_TRACES, Traces
from dispatch.errors import InvalidInputError, Issue

_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS: Final = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_SPOKEN: Final = "http/protobuf"


def traces_of(environment: Mapping[str, str]) -> Traces:
    """Where spans go by the standard variables of OpenTelemetry: to a collector, if one is named.

    Raises InvalidInputError for another protocol than OTLP/HTTP, and where the packages for it are missing.
    """
    off = environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    exporter = environment.get("OTEL_TRACES_EXPORTER", "").strip() or "otlp"
    named = next((name for name in _ENDPOINTS if environment.get(name)), None)
    if off or exporter == "none" or named is None:
        return NO_TRACES
    protocol = next((environment[name] for name in _PROTOCOLS if environment.get(name)), _SPOKEN)
    if exporter != "otlp" or protocol != _SPOKEN:
        cause = f"{named} is set, and traces are to be sent as {exporter} over {protocol}"
        raise InvalidInputError("settings", [Issue("out_of_range", cause, f"Use otlp over {_SPOKEN}.", field=named)])
    try:
        # Late: who sends no traces needs none of this.
        from dispatch.commands.tracing import OtelTraces  # noqa: PLC0415
    except ImportError as error:
        cause = f"{named} is set, and {error.name} is not installed"
        action = f"Install dispatch[traces], or unset {named}."
        raise InvalidInputError("settings", [Issue("field_missing", cause, action, field=named)]) from error
    return OtelTraces()
