"""Each engine spills into its own folder, which does not outlive its process for long."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from data_contracts.spill import OWNER_FILE, PREFIX, remove_abandoned, spill_folder

SPILL = (
    "import os, sys, time; from data_contracts.spill import spill_folder; f = spill_folder(); "
    "os.makedirs(f); (f / 'part').open('w').write('x'); print(f, flush=True); "
)


@pytest.fixture
def run(tmp_path):
    """Start a process that spills below a folder and then runs `then`; returns both."""
    started = []

    def start(then: str) -> tuple[subprocess.Popen, Path]:
        process = subprocess.Popen(
            [sys.executable, "-c", SPILL + then],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"TMPDIR": str(tmp_path)},
        )
        started.append(process)
        return process, Path(process.stdout.readline().strip())

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_two_engines_of_a_process_have_folders_of_their_own_below_one():
    """Two engines of a process have folders of their own below one of the process."""
    a, b = spill_folder(), spill_folder()
    assert (
        a != b
        and a.parent == b.parent
        and a.parent.name.startswith(PREFIX)
        and (a.parent / OWNER_FILE).exists()
    )


def test_what_a_process_spilt_is_gone_when_it_ends(run):
    """The spill of a process is gone when it ends."""
    process, folder = run("")
    assert process.wait() == 0 and not folder.parent.exists()


def test_spill_of_a_killed_process_is_removed(run):
    """The next process removes what a killed one left, and nothing that is in use."""
    killed, left = run("time.sleep(60)")
    _, used = run("time.sleep(60)")
    killed.kill()
    killed.wait()
    assert (left / "part").exists() and (used / "part").exists()
    _, third = run("time.sleep(60)")
    assert not left.parent.exists() and (used / "part").exists() and (third / "part").exists()


def test_a_fork_that_ends_leaves_its_parent_s_folder(run):
    """A fork that ends leaves its parent's folder."""
    _, folder = run("os.fork() or sys.exit(0); time.sleep(60)")
    time.sleep(1.0)
    assert (folder / "part").exists()


def test_folders_that_are_not_ours_are_left_alone(tmp_path):
    """Folders that are not ours are left alone."""
    for name in (f"{PREFIX}old", "others"):
        (tmp_path / name).mkdir()
    (tmp_path / "others" / OWNER_FILE).touch()
    assert remove_abandoned(tmp_path) == [] and len(list(tmp_path.iterdir())) == 2
