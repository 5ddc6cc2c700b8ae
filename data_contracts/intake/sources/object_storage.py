"""Objects of S3-compatible storage, copied to the spill folder piece by piece."""

from __future__ import annotations

import fnmatch
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from data_contracts.errors import LakeProblem
from data_contracts.intake.sources.libraries import library

REMOTE = ("s3://", "s3a://", "gs://", "az://", "abfs://")


def is_remote(path: str) -> bool:
    """Whether a path names object storage."""
    return path.startswith(REMOTE)


def download(url: str, work: Path) -> tuple[Path, dict[Path, tuple[str, datetime | None]]]:
    """Copy the objects that a URL names; keys and endpoint come from the environment.

    Parameters
    ----------
    url
        `s3://bucket/prefix`, or a glob below it.
    work
        Folder that receives the copies.

    Returns
    -------
    tuple
        Folder of the copies, and copy → name of the object and when it was changed.

    Raises
    ------
    LakeProblem
        The storage cannot be read.
    """
    obstore = library("obstore", "object-storage")
    scheme, _, rest = url.partition("://")
    bucket, _, key = rest.partition("/")
    prefix = key.split("*")[0].rpartition("/")[0] if "*" in key else key.rstrip("/")
    copies: dict[Path, tuple[str, datetime | None]] = {}
    folder = work / "objects" / bucket
    try:
        store = _store(f"{scheme}://{bucket}")
        for page in obstore.list(store, prefix=prefix or None):
            for found in page:
                name = str(found["path"])
                if "*" in key and not fnmatch.fnmatch(name, key):
                    continue
                copies[_copy(obstore, store, name, folder / name)] = (
                    f"{scheme}://{bucket}/{name}",
                    found["last_modified"].astimezone(UTC).replace(tzinfo=None),
                )
    except Exception as error:  # each storage has errors of its own
        reason = str(error).strip().splitlines()[0][:300]
        raise LakeProblem(
            f"{url} cannot be read: {reason}. "
            "Keys and endpoint are read from AWS_ACCESS_KEY_ID and its kind"
        ) from error
    if not copies:
        raise LakeProblem(f"{url}: no object is there")
    return folder / prefix, copies


def _store(root: str) -> Any:
    store = library("obstore.store", "object-storage")
    plain = os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://")
    return store.from_url(root, client_options={"allow_http": True} if plain else None)


def _copy(obstore: Any, store: Any, name: str, target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as handle:
        for piece in obstore.get(store, name).stream(min_chunk_size=1 << 22):
            handle.write(piece)
    return target
