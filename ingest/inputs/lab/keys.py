"""Keys under which a statement is taken once, and the ids that follow from them. Pure."""

import hashlib


def key_of(author: str, name: str) -> bytes:
    """The key of what this author calls by this name."""
    return hashlib.sha256(f"{len(author)}:{author}{name}".encode("utf-8", "surrogatepass")).digest()


def statement_of(key: bytes) -> str:
    """The id of the statement under this key: the same whenever it is said again."""
    return key.hex()[:32]
