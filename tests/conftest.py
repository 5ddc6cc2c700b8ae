"""Worlds that several tests share, made once a run; the public sets where they are present."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest

from serving.nightly.pipeline import nightly
from serving.policy.load import load_policy
from simulation.world import WorldSpec, write_world
from training.train import train

START, NIGHT, UNTIL = date(2026, 1, 5), date(2026, 1, 20), datetime(2026, 1, 21)


@pytest.fixture(scope="session", autouse=True)
def ledger_key(tmp_path_factory) -> Iterator[Path]:
    """The key that signs ledgers of tests; the keys of the user are left alone."""
    path = tmp_path_factory.mktemp("key") / "ledger.key"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STEELYARD_LEDGER_KEY", str(path))
        patch.setenv("STEELYARD_PERSON_KEY", str(path.with_name("person.key")))
        patch.delenv("STEELYARD_WITNESS", raising=False)
        yield path


@pytest.fixture(scope="session")
def tiny(tmp_path_factory) -> Path:
    """A small world of sixteen days with every scheme."""
    folder = tmp_path_factory.mktemp("world") / "lake"
    write_world(folder, folder.with_name("truth"), WorldSpec(12, "tiny", START, 16))
    return folder


@pytest.fixture(scope="session")
def models(tiny, tmp_path_factory) -> Path:
    """Models trained on the small world."""
    folder = tmp_path_factory.mktemp("models")
    train(tiny, folder, UNTIL, promote=True)
    return folder


@pytest.fixture(scope="session")
def published(tiny, models) -> Path:
    """The small world with two nights published."""
    for night in (date(2026, 1, 19), NIGHT):
        nightly(tiny, night, models, load_policy())
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
