"""Worlds that several tests share, made once a run; the public sets where they are present."""

from __future__ import annotations

import fcntl
import gc
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path

import pytest

from serving.ledger.ledger_key import make_key_file
from serving.nightly.pipeline import nightly
from serving.policy.load import load_policy
from simulation.world import WorldSpec, write_world
from training.train import train

START, NIGHT, UNTIL = date(2026, 1, 5), date(2026, 1, 20), datetime(2026, 1, 21)


def pytest_collection_finish() -> None:
    """Leave thousands of collected tests out of each later collection of garbage."""
    gc.collect()
    gc.freeze()


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """A folder that the first worker of a run makes, and the others wait for; copy it."""
    base = factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, done = shared / f"shared-{name}", shared / f"shared-{name}.done"
    with (shared / f"shared-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            done.touch()
    return folder


@pytest.fixture(scope="session", autouse=True)
def ledger_key(tmp_path_factory) -> Iterator[Path]:
    """The key that signs ledgers of tests; the keys of the user are left alone."""
    shared = made_once(tmp_path_factory, "key", lambda to: make_key_file(to / "ledger.key"))
    path = tmp_path_factory.mktemp("key") / "ledger.key"
    shutil.copytree(shared, path.parent, dirs_exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STEELYARD_LEDGER_KEY", str(path))
        patch.setenv("STEELYARD_PERSON_KEY", str(path.with_name("person.key")))
        patch.delenv("STEELYARD_WITNESS", raising=False)
        yield path


def _make_world(folder: Path) -> None:
    write_world(folder / "lake", folder / "truth", WorldSpec(12, "tiny", START, 16))


@pytest.fixture(scope="session")
def tiny(tmp_path_factory) -> Path:
    """A small world of sixteen days with every scheme."""
    folder = tmp_path_factory.mktemp("world")
    shutil.copytree(made_once(tmp_path_factory, "world", _make_world), folder, dirs_exist_ok=True)
    return folder / "lake"


@pytest.fixture(scope="session")
def models(tiny, tmp_path_factory) -> Path:
    """Models trained on the small world."""
    folder = tmp_path_factory.mktemp("models")
    made = made_once(tmp_path_factory, "models", lambda to: train(tiny, to, UNTIL, promote=True))
    shutil.copytree(made, folder, dirs_exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def published(tiny, models, tmp_path_factory) -> Path:
    """The small world with two nights published."""

    def publish(folder: Path) -> None:
        shutil.copytree(tiny, folder, dirs_exist_ok=True)
        for night in (date(2026, 1, 19), NIGHT):
            nightly(folder, night, models, load_policy())

    made = made_once(tmp_path_factory, "published", publish)
    shutil.copytree(made, tiny, dirs_exist_ok=True)
    return tiny


@pytest.fixture(scope="session")
def public_data() -> Path:
    """Folder of the public sets; tests that want it are skipped, saying so, where it is absent."""
    default = Path(__file__).resolve().parent.parent.parent / "shared" / "public_data"
    folder = Path(os.environ.get("STEELYARD_PUBLIC_DATA", default))
    if not folder.is_dir():
        pytest.skip(
            f"public data sets are not here ({folder}); name their folder in STEELYARD_PUBLIC_DATA"
        )
    return folder
