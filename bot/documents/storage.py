"""Where files lie: a folder, or a bucket of an S3-compatible store. Both hold sealed bytes only."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from bot.documents.sealing import Keyring, seal, unseal

READ_BYTES = 256 * 1024
KEY = re.compile(r"(?:kept|arriving)(?:/[0-9a-f]{32}){1,2}")
UNFINISHED = "unfinished"
UNFINISHED_SECONDS = 3600
CONNECT_SECONDS, READ_SECONDS = 5, 30
DELETED_AT_ONCE = 1000
NO_SUCH_KEY = ("NoSuchKey", "404")


class NotStored(Exception):
    """Nothing is stored under that key."""


class StorageUnavailable(Exception):
    """The disk or the store does not take or give anything now; later it may."""


class Storage(Protocol):
    """Files by key. A file is there whole or not at all."""

    def put(self, key: str, content: Iterable[bytes]) -> None:
        """Store a file. Raises StorageUnavailable."""

    def open(self, key: str) -> Iterator[bytes]:
        """A file's bytes, piece by piece. Raises NotStored, StorageUnavailable."""

    def delete(self, key: str) -> None:
        """Remove a file, and everything below the key; nothing happens when there is nothing."""

    def sweep(self) -> None:
        """Remove what a process left that was ended while it stored."""


def new_key(place: str) -> str:
    """A random key, 128 bits, below `place` ("kept", "arriving", or a key of "arriving")."""
    return f"{place}/{secrets.token_hex(16)}"


class SealedStorage:
    """Seals what it gives to another storage, and opens what it gets from there."""

    def __init__(self, storage: Storage, keyring: Keyring) -> None:
        self._storage = storage
        self._keyring = keyring

    def put(self, key: str, content: Iterable[bytes]) -> None:
        """Seal and store. Raises StorageUnavailable."""
        self._storage.put(key, seal(self._keyring, key, content))

    def open(self, key: str) -> Iterator[bytes]:
        """What was stored, piece by piece, each proved. Raises NotStored, StorageUnavailable, Tampered."""
        return unseal(self._keyring, key, self._storage.open(key))

    def delete(self, key: str) -> None:
        """Remove a file, and everything below the key."""
        self._storage.delete(key)

    def sweep(self) -> None:
        """Remove what a process left that was ended while it stored."""
        self._storage.sweep()


class FolderStorage:
    """A folder that only our own user can read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for made in (folder, folder / UNFINISHED):
            made.mkdir(mode=0o700, parents=True, exist_ok=True)
            made.chmod(0o700)

    def put(self, key: str, content: Iterable[bytes]) -> None:
        """Written apart, brought to the disk, then moved to its place at one stroke."""
        unfinished = self._folder / UNFINISHED / secrets.token_hex(16)
        try:
            _write(unfinished, content)
            target = self._path(key)
            _make_folder(target.parent)
            unfinished.rename(target)
            _sync_folder(target.parent)
        except OSError as error:
            raise StorageUnavailable(type(error).__name__) from None
        finally:
            unfinished.unlink(missing_ok=True)

    def open(self, key: str) -> Iterator[bytes]:
        """The pieces of a file."""
        try:
            with self._path(key).open("rb") as file:
                while piece := file.read(READ_BYTES):
                    yield piece
        except FileNotFoundError:
            raise NotStored from None
        except OSError as error:
            raise StorageUnavailable(type(error).__name__) from None

    def delete(self, key: str) -> None:
        """Remove the file or the folder of the key."""
        path = self._path(key)
        try:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        except OSError as error:
            raise StorageUnavailable(type(error).__name__) from None

    def sweep(self) -> None:
        """Remove unfinished files that nobody has written to for an hour."""
        for path in (self._folder / UNFINISHED).iterdir():
            if time.time() - path.stat().st_mtime > UNFINISHED_SECONDS:
                path.unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self._folder / checked(key)


class S3Storage:
    """A bucket. `client` is one of boto3's, or what speaks like it."""

    def __init__(self, client: Any, bucket: str, prefix: str) -> None:
        from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]

        self._client, self._bucket, self._prefix = client, bucket, prefix
        self._refusal = ClientError
        self._errors = (BotoCoreError, ClientError)

    def put(self, key: str, content: Iterable[bytes]) -> None:
        """One request, so the file is there whole or not at all; until its length is known the bytes wait on the disk."""
        with tempfile.TemporaryFile() as waiting:
            for piece in content:
                waiting.write(piece)
            length = waiting.tell()
            waiting.seek(0)
            self._call("put_object", Key=self._name(key), Body=waiting, ContentLength=length)

    def open(self, key: str) -> Iterator[bytes]:
        """The pieces of a file."""
        body = self._call("get_object", Key=self._name(key))["Body"]
        try:
            yield from body.iter_chunks(READ_BYTES)
        except self._errors as error:
            raise StorageUnavailable(type(error).__name__) from None
        finally:
            body.close()

    def delete(self, key: str) -> None:
        """Remove the file and everything below the key; such a store has no folders."""
        self._call("delete_object", Key=self._name(key))
        while names := self._below(key):
            objects = {"Objects": [{"Key": name} for name in names], "Quiet": True}
            if refused := self._call("delete_objects", Delete=objects).get("Errors"):
                raise StorageUnavailable(f"not deleted: {refused[0].get('Code')}")

    def sweep(self) -> None:
        """A put that was cut off leaves nothing."""

    def _below(self, key: str) -> list[str]:
        found = self._call("list_objects_v2", Prefix=f"{self._name(key)}/", MaxKeys=DELETED_AT_ONCE)
        return [entry["Key"] for entry in found.get("Contents", ())]

    def _name(self, key: str) -> str:
        return f"{self._prefix}{checked(key)}"

    def _call(self, operation: str, **values: Any) -> Any:
        try:
            return getattr(self._client, operation)(Bucket=self._bucket, **values)
        except self._errors as error:
            if isinstance(error, self._refusal) and error.response["Error"]["Code"] in NO_SUCH_KEY:
                raise NotStored from None
            raise StorageUnavailable(type(error).__name__) from None


@dataclass(frozen=True, slots=True)
class S3Settings:
    """How a store is reached. `url` is s3://bucket/prefix; an empty endpoint is Amazon's own, an empty key the machine's."""

    url: str
    endpoint: str = ""
    region: str = ""
    key_id: str = ""
    secret: str = ""


def make_s3_storage(settings: S3Settings) -> S3Storage:
    """Raises ValueError for an address that is none; the store itself is not asked."""
    import boto3  # type: ignore[import-untyped]
    from botocore.config import Config  # type: ignore[import-untyped]

    parts = urlsplit(settings.url)
    if parts.scheme != "s3" or not parts.netloc:
        raise ValueError("use s3://bucket/prefix")
    client = boto3.client(
        "s3",
        endpoint_url=settings.endpoint or None,
        region_name=settings.region or "us-east-1",
        aws_access_key_id=settings.key_id or None,
        aws_secret_access_key=settings.secret or None,
        config=Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"max_attempts": 3, "mode": "standard"},
            # Other stores than Amazon's do not all know its newer checksums.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )
    prefix = parts.path.strip("/")
    return S3Storage(client, parts.netloc, f"{prefix}/" if prefix else "")


def checked(key: str) -> str:
    """A key as `new_key` makes them: nothing else ever becomes a path. Raises NotStored."""
    if not KEY.fullmatch(key):
        raise NotStored
    return key


def _write(path: Path, content: Iterable[bytes]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        for piece in content:
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())


def _make_folder(folder: Path) -> None:
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    """A name is on the disk when its folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
