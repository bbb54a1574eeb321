"""A screenshot in few colours, with what Python brings (PNG, ISO/IEC 15948: §9 filters, §11 chunks)."""

import struct
import zlib
from collections import Counter
from collections.abc import Iterator

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOURS = 64


def in_few_colours(picture: bytes) -> bytes:
    """The same picture with a palette of the colours that it has most; every other becomes the nearest of these.

    Raises ValueError for what is not a screenshot of Chromium: eight bits each of red, green and blue, not interlaced.
    """
    chunks = list(_chunks(picture))
    width, height, *kind = struct.unpack(">IIBBBBB", chunks[0][1])
    if kind not in ([8, 2, 0, 0, 0], [8, 6, 0, 0, 0]):
        raise ValueError("not an ordinary screenshot")
    size = 3 if kind[1] == 2 else 4
    packed = b"".join(data for name, data in chunks if name == b"IDAT")
    pixels = [
        row[at : at + 3]
        for row in _rows(zlib.decompress(packed), width * size, size)
        for at in range(0, len(row), size)
    ]
    seen = Counter(pixels)
    palette = [colour for colour, _ in seen.most_common(_COLOURS)]
    number = {colour: _nearest(colour, palette) for colour in seen}
    rows = (bytes(number[one] for one in pixels[at : at + width]) for at in range(0, len(pixels), width))
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        (b"PLTE", b"".join(palette)),
        (b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows), 9)),
        (b"IEND", b""),
    ]
    return _SIGNATURE + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts
    )


def _chunks(picture: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_SIGNATURE)
    while at < len(picture):
        (length,) = struct.unpack_from(">I", picture, at)
        yield picture[at + 4 : at + 8], picture[at + 8 : at + 8 + length]
        at += length + 12


def _rows(filtered: bytes, length: int, size: int) -> Iterator[bytes]:
    """Each row of pixels, with the filter of its row undone."""
    above = bytearray(length)
    for start in range(0, len(filtered), length + 1):
        kind, row = filtered[start], bytearray(filtered[start + 1 : start + 1 + length])
        for at in range(length):
            left = row[at - size] if at >= size else 0
            corner = above[at - size] if at >= size else 0
            row[at] = (row[at] + _predicted(kind, left, above[at], corner)) & 255
        yield bytes(row)
        above = row


def _predicted(kind: int, left: int, up: int, corner: int) -> int:
    if kind == 4:
        guess = left + up - corner
        return min((left, up, corner), key=lambda one: abs(guess - one))
    return (0, left, up, (left + up) // 2)[kind]


def _nearest(colour: bytes, palette: list[bytes]) -> int:
    return min(range(len(palette)), key=lambda n: sum((a - b) ** 2 for a, b in zip(colour, palette[n], strict=True)))
