"""The secret of the keyed hashes: from the environment or a private file, always the same one.

Belongs here: finding, making and recognising the secret, giving it to a connection.
Does not: hashing (orchestration.core.pseudonyms).
"""

from __future__ import annotations

import hashlib
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from orchestration.core.errors import InputFault
from orchestration.core.pseudonyms import INNER_PAD_VARIABLE, OUTER_PAD_VARIABLE, key_pads
from orchestration.files import private_folder, read_json, write_file
from orchestration.loader.phone_function import know_phones
from orchestration.project import SECRET_VARIABLE, Home

SHORTEST = 32
LOAD_AGAIN = "Remove its folder; the next load makes it anew, as long as its delivery is in landing."
"""What to do where the record of a load is damaged."""


@dataclass(frozen=True)
class Secret:
    """The secret; it does not show itself when printed.

    Attributes:
        value: The secret text.
        fingerprint: Says which secret it is without telling it.
    """

    value: str = field(repr=False)

    @property
    def fingerprint(self) -> str:
        """First 16 hex digits of SHA-256 over ``rekindle:`` and the secret."""
        return hashlib.sha256(f"rekindle:{self.value}".encode()).hexdigest()[:16]


def read_secret(home: Home) -> Secret:
    """The home's secret; made on first use, when nothing was ever loaded.

    Raises:
        InputFault: Too short, readable by others, lost, or not the one the loaded data was made with.
    """
    private_folder(home.vault)
    known = _known_fingerprints(home)
    secret = _from_environment() or _from_file(home)
    if secret is None:
        if known:
            raise InputFault(
                f"The secret is gone: neither {SECRET_VARIABLE} nor {home.secret_file} holds it,\n"
                f"but data was loaded with secret {', '.join(sorted(known))}. With another one no member\n"
                "would be recognised. Bring the secret back from your backup. To start anew instead,\n"
                "remove quarantine, vault/contacts, vault/secret.fingerprint and all folders of loaded but\n"
                f"loaded/rekindle from {home.root}, and load everything again.\n"
                "vault/erasures stays: it knows who was erased."
            )
        secret = Secret(secrets.token_hex(32))
        write_file(home.secret_file, f"{secret.value}\n".encode(), mode=0o600)
    if known - {secret.fingerprint}:
        raise InputFault(
            f"This is another secret ({secret.fingerprint}) than the data was loaded with "
            f"({', '.join(sorted(known))}).\n"
            "Every pseudonym would change and no member would be recognised; nothing was loaded.\n"
            f"Put the earlier secret back into {SECRET_VARIABLE} or {home.secret_file}.\n"
            "To change it on purpose, remove quarantine, vault/secret.fingerprint and all folders of loaded\n"
            f"but loaded/rekindle from {home.root}, and load everything again."
        )
    fingerprint_file = home.vault / "secret.fingerprint"
    if not fingerprint_file.exists():
        write_file(fingerprint_file, f"{secret.fingerprint}\n".encode(), mode=0o600)
    return secret


def tell_key(connection: duckdb.DuckDBPyConnection, secret: Secret) -> None:
    """Give a connection what it needs to hash contact details."""
    know_phones(connection)
    pads = key_pads(secret.value)
    connection.execute(f"set variable {INNER_PAD_VARIABLE} = $1", [pads.inner])
    connection.execute(f"set variable {OUTER_PAD_VARIABLE} = $1", [pads.outer])


def _from_environment() -> Secret | None:
    value = os.environ.get(SECRET_VARIABLE, "").strip()
    return Secret(_long_enough(value, SECRET_VARIABLE)) if value else None


def _from_file(home: Home) -> Secret | None:
    path = home.secret_file
    if not path.exists():
        return None
    if path.stat().st_mode & 0o077:
        raise InputFault(
            f"Others than the owner may read the secret in {path}.\n"
            f"Close it with: chmod 600 {path}   (if somebody may have read it, treat it as known)"
        )
    return Secret(_long_enough(_text(path), str(path)))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except UnicodeDecodeError:
        raise InputFault(
            f"{path} is damaged: it holds no text. Nothing was loaded; bring it back from your backup."
        ) from None


def _long_enough(value: str, where: str) -> str:
    if len(value) < SHORTEST:
        raise InputFault(
            f"The secret in {where} has {len(value)} characters; at least {SHORTEST} are needed,\n"
            "or pseudonyms can be guessed. Make one with:\n"
            "python3 -c 'import secrets; print(secrets.token_hex(32))'"
        )
    return value


def _known_fingerprints(home: Home) -> set[str]:
    fingerprint_file = home.vault / "secret.fingerprint"
    known = {_text(fingerprint_file)} if fingerprint_file.exists() else set()
    # The file could be lost while the data is there: every load remembers its secret too.
    for record in home.load_records:
        known.add(read_json(record, LOAD_AGAIN)["secret"])
    return known
