"""Persons, measures and appeals from the command line: one shell is one person."""

from __future__ import annotations

import json
import shutil

import pytest
from typer.testing import CliRunner

from data_contracts.runs import read_outbound
from serving.cli.main import app

runner = CliRunner()


class Shells:
    """Shells of several persons, each with a key of its own."""

    def __init__(self, folder, lake, monkeypatch):
        self.folder, self.lake, self.patch = folder, str(lake), monkeypatch

    def use(self, name):
        self.patch.setenv("STEELYARD_PERSON_KEY", str(self.folder / f"{name}.key"))

    def run(self, name, *arguments):
        """JSON that a command prints in the shell of a person."""
        self.use(name)
        done = runner.invoke(app, [*arguments, "--json"])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return json.loads(done.stdout)

    def refused(self, name, *arguments):
        """Words of the error of a command in the shell of a person."""
        self.use(name)
        return str(runner.invoke(app, [*arguments]).exception)


@pytest.fixture
def shells(published, tmp_path, monkeypatch):
    shutil.copytree(published, tmp_path / "lake", ignore=shutil.ignore_patterns("online"))
    made = Shells(tmp_path, tmp_path / "lake", monkeypatch)
    made.run("root", "person", "add", made.lake, "root", "--role", "administrator")
    for name, role in (("desk", "officer"), ("lead", "approver"), ("judge", "reviewer")):
        key = made.run(name, "person", "key")["key"]
        added = made.run("root", "person", "add", made.lake, name, "--role", role, "--key", key)
        assert added[0]["changed"]
        added = made.run("root", "person", "add", made.lake, name, "--role", role, "--key", key)
        assert not added[0]["changed"]
    return made


def test_one_shell_cannot_propose_and_approve(shells):
    """A block is proposed by one key, approved by another, packed where it is a referral."""
    lake = shells.lake
    who = read_outbound(lake, "measures")["operator_id"].iloc[0]
    take = ("measure", "take", lake, "--operator", who, "--code", "refer_enforcement")
    take += ("--reason", "bots", "--beyond-range", "the regulator asked")
    assert "cannot act as lead" in shells.refused("desk", *take, "--by", "lead")
    assert "administrator" in shells.refused("root", *take)
    proposed = shells.run("desk", *take)[0]
    assert (proposed["status"], proposed["by"]) == ("proposed", "desk")
    assert shells.run("desk", *take)[0]["measure_id"] == proposed["measure_id"]  # once
    approve = ("measure", "approve", lake, proposed["measure_id"])
    assert "approver" in shells.refused("desk", *approve)
    approved = shells.run("lead", *approve)[0]
    assert approved["approver"] == "lead" and approved["package"].endswith(".zip")
    assert shells.run("lead", *approve)[0]["effective_from"] == approved["effective_from"]
    listed = shells.run("desk", "measure", "list", lake)[0]
    assert (listed["status"], listed["authenticated"]) == ("in_force", True)
    undo = ("measure", "undo", lake, proposed["measure_id"], "--reason", "a broken export")
    undo_id = shells.run("desk", *undo)[0]["undo_id"]
    assert shells.run("desk", "measure", "list", lake)[0]["status"] == "in_force"
    shells.run("lead", "measure", "approve", lake, undo_id)
    assert shells.run("desk", "measure", "list", lake)[0]["status"] == "undone"
    assert shells.run("desk", "journal", "verify", lake) == []


def test_revoked_person_decides_no_more(shells):
    """A revoked person decides no more."""
    lake = shells.lake
    who = read_outbound(lake, "measures")["operator_id"].iloc[0]
    warn = ("measure", "take", lake, "--operator", who, "--code", "warn", "--reason", "bots")
    assert shells.run("desk", *warn)[0]["status"] == "in_force"
    assert "administrator" in shells.refused(
        "desk", "person", "revoke", lake, "lead", "--reason", "x"
    )
    shells.run("root", "person", "revoke", lake, "desk", "--reason", "left")
    assert "revoked" in shells.refused("desk", *warn)
    names = [p["person"] for p in shells.run("judge", "person", "list", lake)]
    assert names == ["root", "lead", "judge"]
    assert shells.run("root", "journal", "verify", lake) == []
