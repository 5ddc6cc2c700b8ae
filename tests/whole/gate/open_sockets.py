"""Which sockets a process and its children listen on, as the kernel says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

TCP_LISTENS = "0A"
UNIX_ACCEPTS = 0x10000  # flag of a unix socket that listens


def process_tree(root: int) -> list[int]:
    """A process and everything that it started."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
        except OSError:
            continue
        parents[int(stat.parent.name)] = int(text.rpartition(")")[2].split()[1])
    tree = [root]
    for one in tree:
        tree += [pid for pid, parent in parents.items() if parent == one]
    return tree


def _socket_inodes(pid: int) -> set[str]:
    found = set()
    for handle in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found |= set(re.findall(r"socket:\[(\d+)\]", str(handle.readlink())))
        except OSError:
            continue
    return found


def _address(field: str) -> str:
    host, port = field.split(":")
    parts = [host[i : i + 2] for i in range(0, len(host), 2)]
    text = ".".join(str(int(p, 16)) for p in reversed(parts)) if len(host) == 8 else host
    return f"{text}:{int(port, 16)}"


def listening_sockets(root: int) -> Iterator[str]:
    """Sockets of a process tree that another process can send to."""
    inodes = set().union(*(_socket_inodes(pid) for pid in process_tree(root)))
    for name in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path("/proc/net", name).read_text().splitlines()[1:]:
            field = line.split()
            if field[9] in inodes and (field[3] == TCP_LISTENS or name.startswith("udp")):
                yield f"{name} {_address(field[1])}"
    for line in Path("/proc/net/unix").read_text().splitlines()[1:]:
        field = line.split()
        if field[6] in inodes and int(field[3], 16) & UNIX_ACCEPTS:
            yield f"unix {' '.join(field[7:])}"
