"""The keys as a running gate sees them: a change of the file counts from the next request on."""

from __future__ import annotations

import json
import pathlib
from datetime import date, datetime

import structlog

from data_contracts.errors import LakeProblem
from data_contracts.lake import Lake
from serving.gate.protocol.key_file import (
    ApiKey,
    KeysDamaged,
    digest_of_key,
    last_use_days,
    locked_keys,
    parse_keys,
    write_private,
)


class KeysUnreadable(LakeProblem):
    """No key file could be read since the gate was opened, so that no key can be judged."""


class KeyRing:
    """Keys of a lake, read again when their file changes.

    A damaged file leaves the last good keys in force. Without any good file every key is refused.
    `problem` then says what is wrong, for /readyz.
    """

    def __init__(self, lake: Lake) -> None:
        self.lake, self.path = lake, lake.api_keys
        self.problem: str | None = None
        self.keys: dict[str, ApiKey] | None = None
        self.stamp: tuple[int, int, int] | None = None
        self.used_on: dict[str, date] = {}
        self.refresh()

    def refresh(self) -> None:
        """Read the key file again if it was replaced: a look at its inode a request."""
        try:
            status = self.path.stat()
            stamp = (status.st_ino, status.st_mtime_ns, status.st_size)
            if stamp == self.stamp:
                return
            with pathlib.Path(self.path).open("rb") as handle:
                text = handle.read()
            self.stamp = stamp  # a damaged file is not read again for every request
            self.keys, self.problem = parse_keys(text), None
        except FileNotFoundError:
            self.keys, self.stamp, self.problem = {}, None, None
        except (OSError, KeysDamaged) as error:
            self.problem = "keys_damaged" if isinstance(error, KeysDamaged) else "keys_unreadable"

    def find(self, presented: str | None, now: datetime) -> ApiKey | None:
        """The key that was presented, None when it is unknown, revoked or expired.

        The look-up is by digest, so that its time says nothing about the key. Raises
        KeysUnreadable.
        """
        self.refresh()
        if self.keys is None:
            raise KeysUnreadable("the key file cannot be read; nobody is let in")
        if not presented:
            return None
        key = self.keys.get(digest_of_key(presented))
        if key is None or key.has_expired(now):
            return None
        if self.used_on.get(key.digest) != now.date():
            self._note_use(key, now.date())
        return key

    def _note_use(self, key: ApiKey, day: date) -> None:
        """Write the day of a key's last use, once a day; keys depend on nothing of it."""
        try:
            with locked_keys(self.lake, wait=False):
                days = last_use_days(self.lake) | {key.digest: day}
                text = {digest: one.isoformat() for digest, one in sorted(days.items())}
                write_private(self.lake.key_use, json.dumps(text, indent=1))
        except BlockingIOError:
            return  # a maker of keys is at work: the next request notes it
        except OSError as error:
            structlog.get_logger().warning("key use not noted", error=type(error).__name__)
        self.used_on[key.digest] = day
