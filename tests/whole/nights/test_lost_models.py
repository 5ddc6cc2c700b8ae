"""The models folder is misspelt, missing or empty; a night never loses its models in silence."""

from __future__ import annotations

import json
import shutil

import pytest
from typer.testing import CliRunner

from data_contracts.errors import LakeProblem
from data_contracts.runs import published_runs, run_folder
from serving.cli.main import app
from serving.nightly.pipeline import nightly
from serving.nightly.replay import replay
from tests.conftest import NIGHT
from tests.whole.night_runs import POLICY, copied

runner = CliRunner()


def _files(folder):
    return {str(p.relative_to(folder)) for p in folder.rglob("*")} - {"runs/.lock"}


def _missing(folder, models):
    return folder / "modles"


def _file(folder, models):
    (folder / "models").write_text("")
    return folder / "models"


def _empty(folder, models):
    (folder / "models").mkdir()
    return folder / "models"


def _pointer(text):
    def made(folder, models):
        shutil.copytree(models, folder / "models", ignore=shutil.ignore_patterns("ml*"))
        (folder / "models" / "champions.json").write_bytes(text)
        return folder / "models"

    return made


FAULTS = {
    "a name that is misspelt": (_missing, "Is its name right"),
    "a file instead of a folder": (_file, "Is its name right"),
    "an empty folder": (_empty, "steelyard train"),
    "champions.json without a model": (_pointer(b"{}"), "steelyard train"),
    "champions.json that is empty": (_pointer(b""), "cannot be read"),
    "champions.json that is a list": (_pointer(b"[]"), "cannot be read"),
    "champions.json that is torn": (_pointer(b'{"session_infl'), "cannot be read"),
    "champions.json that is no text": (_pointer(b"\xff\xfe"), "cannot be read"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_models_folder_without_a_model_is_refused(fault, published, models, tmp_path):
    """`nightly` and `serve` exit with code 2 and words that mend it; nothing is made or published.

    The night is one that was never published, on a lake whose nights have models.
    """
    spoil, words = FAULTS[fault]
    place = tmp_path / "place"
    place.mkdir()
    folder = spoil(place, models)
    before, nights = _files(place), (published / "runs" / "published.json").read_bytes()
    runs = _files(published / "runs")
    for command in (
        ["nightly", str(published), "--date", "2026-01-18", "--models", str(folder)],
        ["serve", str(published), "--models", str(folder)],
    ):
        done = runner.invoke(app, command)
        assert done.exit_code == 2 or getattr(done.exception, "exit_code", 0) == 2, done.output
        assert words in done.output + str(done.exception)
    assert _files(place) == before
    assert (published / "runs" / "published.json").read_bytes() == nights
    assert _files(published / "runs") == runs


def test_night_that_would_lose_models_needs_the_flag(published, models, tmp_path):
    """A night without the models of the last night is refused, and published with the flag.

    The night of the same date counts as the last one, so that a rerun cannot replace it either. The
    night without models replays, and the next one needs no flag.
    """
    lake = copied(published, tmp_path / "lake", "quarantine")
    nights = (lake / "runs" / "published.json").read_bytes()
    with pytest.raises(LakeProblem, match=r"operator_rank.*--models.*--without-models"):
        nightly(lake, NIGHT, None, POLICY)
    fewer = tmp_path / "models"
    shutil.copytree(models, fewer, ignore=shutil.ignore_patterns("ml*"))
    champions = json.loads((fewer / "champions.json").read_text())
    del champions["operator_rank"]
    (fewer / "champions.json").write_text(json.dumps(champions))
    with pytest.raises(LakeProblem, match=r"missing now: operator_rank\."):
        nightly(lake, NIGHT, fewer, POLICY)
    assert (lake / "runs" / "published.json").read_bytes() == nights

    done = nightly(lake, NIGHT, None, POLICY, without_models=True)
    assert done.fresh and published_runs(lake)[NIGHT.isoformat()] == done.run_id
    manifest = json.loads((run_folder(lake) / "manifest.json").read_text())
    assert all(m["version"].startswith("prior-") for m in manifest["models"].values())
    assert replay(lake, NIGHT, None, POLICY).stands
    assert not nightly(lake, NIGHT, None, POLICY).fresh
