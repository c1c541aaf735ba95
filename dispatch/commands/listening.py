"""The port of a service, taken before anything else is done, so that a port in use is said at once."""

from __future__ import annotations

import errno
import socket
from typing import Final

from dispatch.errors import DispatchError

_CAUSES: Final = {
    errno.EADDRINUSE: ("is in use", "Stop what listens there, or name another port with --port."),
    errno.EACCES: ("is not allowed to this user", "Name a port above 1023 with --port."),
    errno.EADDRNOTAVAIL: ("is not on this machine", "Name an address of this machine with --host."),
}


class CannotListenError(DispatchError):
    """The address cannot be listened on."""

    code = "cannot_listen"


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there. Raises CannotListenError."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server((str(address[0]), port), family=family)
    except socket.gaierror as error:
        cause = f"{host!r} is no address: {error.strerror}."
        raise CannotListenError(cause, "Name an address of this machine with --host.") from error
    except OSError as error:
        what, action = _CAUSES.get(error.errno or 0, (f"cannot be listened on: {error}", "See --host and --port."))
        raise CannotListenError(f"{_shown(host, port)} {what}.", action) from error


def address_of(listening: socket.socket, host: str) -> str:
    """The address for a browser."""
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://{_shown(reached, listening.getsockname()[1])}"


def _shown(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
