"""What the process reads once at its start: the command line, then DISPATCH_* of the environment, files of secrets too.

Secrets come from the environment or from a file (DISPATCH_SECRET or DISPATCH_SECRET_FILE), never from the command
line, where everybody on the machine could read them. An unknown name is an error, not silence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from dispatch.errors import InvalidInputError, Issue

PREFIX: Final = "DISPATCH_"
_FILE: Final = "_FILE"
_ELSEWHERE: Final = frozenset({"DISPATCH_SHARED"})
"""Names that other parts of the project read for themselves."""
LEAST_SECRET: Final = 32
OWN_PAGE: Final = "/t/{token}"
"""The service's own page for customers."""


class Part(StrEnum):
    """What a process does."""

    ALL = "all"
    API = "api"
    WORKER = "worker"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything about a process; what a market does is in its policy.

    db, redis: addresses; without Redis, live state is in the process. secret: signs tokens and cursors. speed: seconds
    of the clock in one of the wall. records, history: folders for decision
    records and for the history of positions. market: the market of a service that has
    none yet. log: from which level on; log_format: "json", or "text" for people. webhook_loopback: webhooks may lead to
    this machine, for tests and sandboxes. sandbox: the clock stands until it is moved over the API.
    stripe_key, stripe_signing_secret (two by a comma while one is changed), stripe_return_url (of customers, with
    {order_id}), stripe_url: the gateway where customers pay. link_url: where they follow their orders, with {token};
    without, on the service's own page, under public_url.
    smtp, mail_from: the mail server, and the sender of e-mail. sms, sms_from: the provider of SMS, and their sender.
    public_url: where the world reaches this service, for links and reports.
    oidc_issuer, oidc_audience: people may sign in there; that is what it calls this service.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    db: str = field(default="sqlite:///dispatch.db", repr=False)
    redis: str | None = None
    role: Part = Part.ALL
    speed: float = 1.0
    market: str = "main"
    records: str | None = None
    history: str | None = None
    log: str = "info"
    log_format: str = "json"
    webhook_loopback: bool = False
    sandbox: bool = False
    oidc_issuer: str | None = None
    oidc_audience: str = ""
    stripe_key: str | None = field(default=None, repr=False)
    stripe_signing_secret: str | None = field(default=None, repr=False)
    stripe_return_url: str | None = None
    stripe_url: str = "https://api.stripe.com"
    link_url: str = ""
    smtp: str | None = field(default=None, repr=False)
    mail_from: str = ""
    sms: str | None = field(default=None, repr=False)
    sms_from: str = ""
    public_url: str = ""
    secret: str | None = field(default=None, repr=False)

    @property
    def page(self) -> str:
        """Where customers follow their orders, with {token}; "" where nobody has said how the world gets there."""
        return self.link_url or (self.public_url.rstrip("/") + OWN_PAGE if self.public_url else "")

    def __post_init__(self) -> None:
        issues = list(_issues(self))
        if issues:
            raise InvalidInputError("settings", issues)


_WEB: Final = ("https://", "http://")
_STRIPE: Final = ("stripe_key", "stripe_signing_secret", "stripe_return_url")


def _issues(settings: Settings) -> Iterator[Issue]:
    if not 0 <= settings.port <= 65_535:
        yield Issue("out_of_range", f"port {settings.port} is none", "Name one from 1 to 65535.", field="port")
    if not 0 < settings.speed <= 1000:
        yield Issue("out_of_range", f"speed is {settings.speed}", "Name one above 0, up to 1000.", field="speed")
    if settings.role is not Part.ALL and settings.redis is None:
        cause = f"a process of role {settings.role.value} needs Redis to reach the others"
        yield Issue("field_missing", cause, "Give --redis, or run one process with --role all.", field="redis")
    if settings.sandbox and (settings.role is not Part.ALL or settings.redis is not None or settings.speed != 1):
        cause = "a sandbox is one process, and its clock goes only when it is moved"
        yield Issue("sandbox_alone", cause, "Leave out --redis, --role, --speed and --demo.", field="sandbox")
    if settings.secret is not None and len(settings.secret) < LEAST_SECRET:
        cause = f"the secret has {len(settings.secret)} characters"
        yield Issue("out_of_range", cause, f"Use {LEAST_SECRET} or more, at random.", field="secret")
    if settings.public_url and not settings.public_url.startswith(_WEB):
        cause = f"public_url {settings.public_url!r} is no address"
        yield Issue("out_of_range", cause, "Write https://dispatch.example.", field="public_url")
    if settings.link_url and not (settings.link_url.startswith(_WEB) and "{token}" in settings.link_url):
        cause = f"link_url {settings.link_url!r} is no address with {{token}} in it"
        yield Issue("out_of_range", cause, "Write https://shop.example/track#{token}.", field="link_url")
    missing = [name for name in _STRIPE if getattr(settings, name) is None]
    if 0 < len(missing) < len(_STRIPE):
        cause = f"the gateway is half set up: {', '.join(missing)} missing"
        yield Issue("field_missing", cause, "Give all of its settings, or none.", field=missing[0])
    if settings.log not in ("debug", "info", "warning", "error"):
        yield Issue("out_of_range", f"log level {settings.log!r} is none", "Use debug, info, warning or error.")
    if settings.log_format not in ("json", "text"):
        yield Issue("out_of_range", f"log format {settings.log_format!r} is none", "Use json or text.")


def _switch(text: str) -> bool:
    known = {"1": True, "true": True, "0": False, "false": False}
    if text.lower() not in known:
        raise ValueError(f"{text!r} is neither true nor false")
    return known[text.lower()]


_READ: Final[Mapping[str, Callable[[str], object]]] = {
    "port": int,
    "speed": float,
    "role": Part,
    "webhook_loopback": _switch,
    "sandbox": _switch,
}


def load_settings(given: Mapping[str, Any], environment: Mapping[str, str]) -> Settings:
    """Settings from what was given on the command line (None: not given) and the environment.

    Raises InvalidInputError with everything that is wrong.
    """
    issues: list[Issue] = []
    values: dict[str, Any] = {}
    known = {item.name for item in fields(Settings)}
    for name, text in environment.items():
        if name.startswith(PREFIX) and name not in _ELSEWHERE:
            _take(name, text, known, values, issues)
    values |= {name: value for name, value in given.items() if value is not None}
    if issues:
        raise InvalidInputError("settings", issues)
    return Settings(**values)


def setting_of(key: str, environment: Mapping[str, str]) -> str | None:
    """One setting as the environment has it, for commands that need no other; None where it does not.

    Raises InvalidInputError for a file that cannot be read.
    """
    name = PREFIX + key.upper()
    values: dict[str, Any] = {}
    issues: list[Issue] = []
    for given in (name, name + _FILE):
        if given in environment:
            _take(given, environment[given], {key}, values, issues)
    if issues:
        raise InvalidInputError("settings", issues)
    return values.get(key)


def _take(name: str, text: str, known: set[str], values: dict[str, Any], issues: list[Issue]) -> None:
    key = name.removeprefix(PREFIX).lower()
    try:
        if key.endswith(_FILE.lower()) and key.removesuffix(_FILE.lower()) in known:
            key = key.removesuffix(_FILE.lower())
            text = Path(text).read_text("utf-8").strip()
        if key not in known:
            action = f"Use one of: {', '.join(sorted(PREFIX + one.upper() for one in known))}."
            issues.append(Issue("unknown_key", f"{name} is not a setting", action, field=name))
            return
        values[key] = _READ.get(key, str)(text)
    except (ValueError, OSError) as error:
        issues.append(Issue("out_of_range", f"{name}: {error}", "Change the value.", field=name))
