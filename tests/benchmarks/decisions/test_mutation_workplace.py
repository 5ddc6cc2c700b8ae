"""The copy of the code and its tests that mutants are made in."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.decisions.mutation import MUTATED, workplace


def test_tests_of_the_copy_can_be_collected(tmp_path):
    """The tests find what they import, or no mutant would be judged."""
    workplace(tmp_path)
    assert all((tmp_path / path).exists() for path in MUTATED)
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--collect-only"]
    found = subprocess.run([*words, "tests"], cwd=tmp_path, capture_output=True, text=True)
    assert found.returncode == 0 and "tests/serving/tiers/test_decision.py" in found.stdout
