"""What seals the secrets that the database keeps: AES-256-GCM, one data key per workspace.

A workspace's data key is wrapped by a key of the deployment, which is in no database and no backup. What is
sealed names its place (workspace, table, row, column) as associated data, so that it opens nowhere else; and
destroying a workspace's data key makes all it sealed unreadable, in old backups too.

Source: NIST SP 800-38D (random 96-bit nonces, fewer than 2**32 a key); RFC 5869 for the keyed hashes.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
_NONCE_BYTES = 12
_VERSION = b"\x01"


class VaultTrouble(Exception):
    """The vault cannot be used as it is set up; the message says what to do."""


class NotSealedHere(Exception):
    """The sealed bytes were not sealed for this place with this key, or were changed."""


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A data key as the database keeps it, and the name of the deployment's key that wraps it."""

    wrapped: bytes
    by: str


class DataKey:
    """One workspace's key. Shows nothing of itself."""

    __slots__ = ("_cipher", "_secret", "workspace_id")

    def __init__(self, workspace_id: UUID, secret: bytes) -> None:
        self.workspace_id = workspace_id
        self._secret = secret
        self._cipher = AESGCM(secret)

    def seal(self, plaintext: bytes, table: str, row_id: UUID, column: str) -> bytes:
        """Encrypt for one column of one row: version, nonce, ciphertext and tag; 29 bytes longer."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        place = self._place(table, row_id, column)
        return _VERSION + nonce + self._cipher.encrypt(nonce, plaintext, place)

    def open_(self, sealed: bytes, table: str, row_id: UUID, column: str) -> bytes:
        """Decrypt what was sealed for this place. Raises: NotSealedHere."""
        return _decrypt(self._cipher, sealed, self._place(table, row_id, column))

    def keyed_hash(self, purpose: str, value: str) -> bytes:
        """32 bytes that say whether two values are equal, to nobody without this key."""
        derived = HKDF(SHA256(), KEY_BYTES, None, b"bothways keyed hash: " + purpose.encode())
        return hmac.digest(derived.derive(self._secret), value.encode(), hashlib.sha256)

    def _place(self, table: str, row_id: UUID, column: str) -> bytes:
        return _joined(str(self.workspace_id), table, str(row_id), column)


class KeyRing:
    """The deployment's keys, newest first."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        """Raises: VaultTrouble: no key, or one that is not 32 bytes long."""
        if not keys:
            raise VaultTrouble("No vault key is set. Make one with: python -m app vault key")
        for name, key in keys.items():
            if len(key) != KEY_BYTES:
                raise VaultTrouble(f"The vault key {name} has {len(key)} bytes; it needs {KEY_BYTES}.")
        self._ciphers = {name: AESGCM(key) for name, key in keys.items()}
        self.newest = next(iter(keys))

    def __contains__(self, name: str) -> bool:
        return name in self._ciphers

    def new_data_key(self, workspace_id: UUID) -> WrappedKey:
        """A data key for a new workspace."""
        return self._wrap(workspace_id, secrets.token_bytes(KEY_BYTES))

    def unwrap(self, workspace_id: UUID, wrapped: WrappedKey) -> DataKey:
        """The data key that a workspace's row keeps.

        Raises:
            VaultTrouble: its deployment key is missing or is another one; the message says which.
        """
        return DataKey(workspace_id, self._unwrapped(workspace_id, wrapped))

    def rewrap(self, workspace_id: UUID, wrapped: WrappedKey) -> WrappedKey:
        """The same data key, wrapped by the newest key. Raises: VaultTrouble."""
        return self._wrap(workspace_id, self._unwrapped(workspace_id, wrapped))

    def _wrap(self, workspace_id: UUID, secret: bytes) -> WrappedKey:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        place = _joined("data key", str(workspace_id), self.newest)
        sealed = self._ciphers[self.newest].encrypt(nonce, secret, place)
        return WrappedKey(_VERSION + nonce + sealed, self.newest)

    def _unwrapped(self, workspace_id: UUID, wrapped: WrappedKey) -> bytes:
        cipher = self._ciphers.get(wrapped.by)
        if cipher is None:
            raise missing(wrapped.by)
        try:
            return _decrypt(cipher, wrapped.wrapped, _joined("data key", str(workspace_id), wrapped.by))
        except NotSealedHere:
            raise VaultTrouble(
                f"The vault key named {wrapped.by} is not the one that sealed this database. "
                "Set the key that was in use when the workspaces were made."
            ) from None


def read_keys(written: str) -> dict[str, bytes]:
    """Read `name:base64,name:base64`, newest first. Raises: VaultTrouble, which never repeats a key."""
    keys: dict[str, bytes] = {}
    for each in filter(None, (part.strip() for part in written.split(","))):
        name, colon, encoded = each.partition(":")
        if not colon or not name.strip() or name in keys:
            raise VaultTrouble("Vault keys are written as name:base64, with commas between, each name once.")
        try:
            keys[name] = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            raise VaultTrouble(f"The vault key {name} is not base64.") from None
    return keys


def write_new_key(name: str) -> str:
    """A new deployment key, as read_keys reads it."""
    return f"{name}:{base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()}"


def _decrypt(cipher: AESGCM, sealed: bytes, place: bytes) -> bytes:
    head = len(_VERSION) + _NONCE_BYTES
    if not sealed.startswith(_VERSION) or len(sealed) < head:
        raise NotSealedHere("These bytes were not sealed by this vault.")
    try:
        return cipher.decrypt(sealed[len(_VERSION) : head], sealed[head:], place)
    except InvalidTag:
        raise NotSealedHere("These bytes were sealed for another place or with another key.") from None


def _joined(*parts: str) -> bytes:
    """The parts with their lengths, so that no two lists of parts give the same bytes."""
    return b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)


def missing(name: str) -> VaultTrouble:
    """What to say where a deployment key is not set that some workspace needs."""
    return VaultTrouble(
        f"Some workspace's data key is wrapped by the vault key {name}, which is not set. "
        "Add it to VAULT_KEYS; it may go once `python -m app rewrap` has run."
    )
