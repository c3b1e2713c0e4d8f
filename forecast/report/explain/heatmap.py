"""A map of values for a page: a pixel a value, as transparent as the value is small, so that any theme shows through.

Shapes: ``R`` rows, ``C`` columns.
"""

import base64
import struct
import zlib

import numpy as np

from forecast.models.forecaster import FloatArray

SHARE, ABOVE, BELOW = "#2B7BBA", "#D9730D", "#8168C9"
"""Of a share from 0 to 1, and of values above and below 0: seen on white and on black, and by the colour-blind."""


def heatmap(values: FloatArray, limit: float, *, is_signed: bool) -> str:
    """Returns the map as the address of a PNG: nothing at 0, full colour from the limit on.

    Args:
        values: (R, C), the first row on top.
        limit: above 0.
        is_signed: they lie about 0, and are no shares.
    """
    pixels = np.zeros((*values.shape, 4), dtype=np.uint8)
    pixels[..., :3] = np.where((values < 0)[..., None], _rgb(BELOW), _rgb(ABOVE if is_signed else SHARE))
    pixels[..., 3] = np.round(255 * np.clip(np.abs(values) / limit, 0, 1))
    return f"data:image/png;base64,{base64.b64encode(_png(pixels)).decode()}"


def _rgb(colour: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(colour[1:])
    return red, green, blue


def _png(pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> bytes:
    """Returns (R, C, 4) pixels as a PNG (ISO/IEC 15948): eight bits a channel, no filter."""
    rows, columns, _ = pixels.shape
    lines = np.concatenate([np.zeros((rows, 1), np.uint8), pixels.reshape(rows, -1)], axis=1)
    head = struct.pack(">IIBBBBB", columns, rows, 8, 6, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(lines.tobytes(), 9)), (b"IEND", b""))
    chunks = (
        struct.pack(">I", len(own)) + name + own + struct.pack(">I", zlib.crc32(name + own)) for name, own in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
