"""Text between Python and JSON.

A file name outside UTF-8 is a Python string with surrogate escapes. JSON and Swift have no such strings: each byte
0xNN of it travels as U+10FENN, and so does each byte of a real character of that range, which makes this reversible.
"""

import re

BYTE_BASE = 0x10FE00


def to_text(value):
    """The value with each string as JSON can carry it."""
    if isinstance(value, str):
        if value.isascii():
            return value
        return re.sub("[\ud800-\udfff\U0010fe80-\U0010feff]", _character_to_text, value)
    if isinstance(value, dict):
        return {to_text(key): to_text(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_text(item) for item in value]
    return value


def _character_to_text(match):
    code = ord(match.group())
    if 0xDC80 <= code <= 0xDCFF:
        return chr(BYTE_BASE + code - 0xDC00)
    if code >= BYTE_BASE:
        return "".join(chr(BYTE_BASE + byte) for byte in match.group().encode())
    return "\ufffd"


def from_text(value):
    """The reverse of to_text."""
    if isinstance(value, str):
        if value.isascii():
            return value
        text = re.sub("[\U0010fe80-\U0010feff]", lambda m: chr(0xDC00 + ord(m.group()) - BYTE_BASE), value)
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")
    if isinstance(value, dict):
        return {from_text(key): from_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [from_text(item) for item in value]
    return value
