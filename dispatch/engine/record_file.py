"""The file of a decision record: a header and integer arrays, compressed, under one line that names format and digest.

    dispatch-record 2.0 48213 9f86d081884c7d65...        major.minor, bytes that follow, their SHA-256
    zlib( length of the header, header as JSON, arrays )

The bytes of an array are stored plane by plane (all lowest bytes first), because the high bytes of integers are mostly
alike and shrink to nothing that way. Nothing in a file is ever executed.
"""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from collections.abc import Mapping
from math import prod
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dispatch.errors import DispatchError

MAJOR: Final = 2
"""Files of another major number cannot be read."""
MINOR: Final = 0
"""Files of a higher minor number hold more, which is left out."""

MOST_BYTES: Final = 2**31
"""Uncompressed size above which a file is refused."""

_FIRST_LINE: Final = re.compile(rb"dispatch-record (\d+)\.(\d+) (\d+) ([0-9a-f]{64})")
_LONGEST_FIRST_LINE: Final = 200
_LENGTH_BYTES: Final = 8
_DTYPES: Final = ("<i8", "<i4", "<f8")
_LEVEL: Final = 3
"""Of zlib: higher ones take several times as long and save a few per cent."""

Header = dict[str, Any]
Arrays = dict[str, NDArray[Any]]


class RecordError(DispatchError):
    """A decision record cannot be read (or kept): it is damaged, or of a format that this version does not know."""

    code = "record_damaged"


def pack(header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """The bytes of a file. Arrays are int64, int32 or float64; the header is what JSON can say, without "arrays"."""
    listing = [[name, array.dtype.newbyteorder("<").str, array.shape] for name, array in arrays.items()]
    text = json.dumps({**header, "arrays": listing}, separators=(",", ":")).encode()
    parts = [len(text).to_bytes(_LENGTH_BYTES, "little"), text, *(_planes(array) for array in arrays.values())]
    body = zlib.compress(b"".join(parts), _LEVEL)
    digest = hashlib.sha256(body).hexdigest()
    return f"dispatch-record {MAJOR}.{MINOR} {len(body)} {digest}\n".encode() + body


def unpack(data: bytes, name: str) -> tuple[Header, Arrays]:
    """What ``pack`` was given; the arrays are fresh and can be written to. ``name`` is the file's, for errors.

    Raises RecordError where the bytes are not those that were written, or of another major format.
    """
    first, newline, body = data[:_LONGEST_FIRST_LINE].partition(b"\n")
    found = _FIRST_LINE.fullmatch(first)
    if not found or not newline:
        raise RecordError(f"{name} is no decision record, or its first line is damaged.", "Check which file was meant.")
    major, minor, length, digest = (part.decode() for part in found.groups())
    if int(major) != MAJOR:
        cause = f"{name} has format {major}.{minor}; this version reads {MAJOR}.*."
        raise RecordError(cause, "Read it with the version of Dispatch that wrote it.", code="record_format")
    body = data[len(first) + 1 :]
    if len(body) != int(length):
        raise _damaged(name, f"has {len(body)} of {length} bytes")
    if hashlib.sha256(body).hexdigest() != digest:
        raise _damaged(name, "does not have the contents that its first line vouches for")
    try:
        return _parse(_inflate(body))
    except (ValueError, KeyError, TypeError, zlib.error) as error:
        raise _damaged(name, f"was not written by Dispatch ({type(error).__name__}: {error})") from None


def _damaged(name: str, what: str) -> RecordError:
    return RecordError(f"{name} {what}.", "Copy it again from where it was kept, or take it from a backup.")


def _inflate(body: bytes) -> bytes:
    stream = zlib.decompressobj()
    plain = stream.decompress(body, MOST_BYTES)
    if not stream.eof or stream.unused_data:
        raise ValueError("the compressed part has another length than it says")
    return plain


def _parse(plain: bytes) -> tuple[Header, Arrays]:
    start = _LENGTH_BYTES + int.from_bytes(plain[:_LENGTH_BYTES], "little")
    header = json.loads(plain[_LENGTH_BYTES:start])
    arrays: Arrays = {}
    for name, dtype, shape in header.pop("arrays"):
        if dtype not in _DTYPES or any(type(side) is not int or side < 0 for side in shape):
            raise ValueError(f"array {name!r} has type {dtype!r} and shape {shape}")
        size = np.dtype(dtype).itemsize * prod(shape)
        if start + size > len(plain):
            raise ValueError(f"array {name!r} is cut short")
        arrays[name] = _from_planes(plain[start : start + size], np.dtype(dtype), tuple(shape))
        start += size
    return header, arrays


def _planes(array: NDArray[Any]) -> bytes:
    flat = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).reshape(-1)
    return flat.view(np.uint8).reshape(-1, array.dtype.itemsize).T.tobytes()


def _from_planes(data: bytes, dtype: np.dtype[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    planes = np.frombuffer(data, np.uint8).reshape(dtype.itemsize, -1)
    return np.ascontiguousarray(planes.T).reshape(-1).view(dtype).astype(dtype.newbyteorder("=")).reshape(shape)
