"""Paths of the ledger and of the gate's state inside a lake."""

from __future__ import annotations

from datetime import date
from pathlib import Path


class LedgerPaths:
    """Paths below `root` that outlive a night: the ledger, what people decided, the gate."""

    root: Path

    # The ledger of decisions, and what people decided.

    @property
    def journal(self) -> Path:
        """Folder of the hash-chained files and of evidence packages."""
        return self.root / "journal"

    @property
    def decisions(self) -> Path:
        """Chained tier decisions."""
        return self.journal / "decisions.jsonl"

    @property
    def decision_heads(self) -> Path:
        """Chained heads: one line for each recorded night."""
        return self.journal / "heads.jsonl"

    @property
    def appeals(self) -> Path:
        """Chained appeals and their verdicts."""
        return self.journal / "appeals.jsonl"

    @property
    def measures(self) -> Path:
        """Chained measures taken and closed."""
        return self.journal / "measures.jsonl"

    @property
    def people(self) -> Path:
        """Chained admissions and revocations of the persons who may decide."""
        return self.journal / "people.jsonl"

    @property
    def complaint_decisions(self) -> Path:
        """Chained decisions on complaints."""
        return self.journal / "complaints.jsonl"

    @property
    def notice_answers(self) -> Path:
        """Chained answers to the notices of authorities."""
        return self.journal / "notices.jsonl"

    @property
    def reminders(self) -> Path:
        """Chained reminders that were sent to subjects of measures."""
        return self.journal / "reminders.jsonl"

    @property
    def cases(self) -> Path:
        """Chained acts on cases of the desk."""
        return self.journal / "cases.jsonl"

    @property
    def policies(self) -> Path:
        """Chained policies: proposed, approved and withdrawn."""
        return self.journal / "policies.jsonl"

    @property
    def statements(self) -> Path:
        """Chained statements of both sides of an appeal."""
        return self.journal / "statements.jsonl"

    @property
    def overrides(self) -> Path:
        """Chained overrides of tiers."""
        return self.journal / "overrides.jsonl"

    @property
    def warnings(self) -> Path:
        """Chained warnings imported from other platforms."""
        return self.journal / "warnings.jsonl"

    @property
    def reports(self) -> Path:
        """Chained reports of measures that were sent to authorities."""
        return self.journal / "reports.jsonl"

    @property
    def promotions(self) -> Path:
        """Chained promotions of models that were judged on this lake."""
        return self.journal / "promotions.jsonl"

    @property
    def legal_holds(self) -> Path:
        """Chained legal holds, set and lifted."""
        return self.journal / "holds.jsonl"

    @property
    def deletions(self) -> Path:
        """Chained log of rows deleted by retention."""
        return self.journal / "retention.jsonl"

    @property
    def signing_key(self) -> Path:
        """Private key that signs evidence packages and shared lists."""
        return self.journal / "signing.key"

    def evidence_package(self, measure_id: str) -> Path:
        """Evidence package of a referral."""
        return self.journal / "evidence" / f"{measure_id}.zip"

    @property
    def ledger_id(self) -> Path:
        """Random name of the lake in signed checkpoints."""
        return self.journal / "ledger.id"

    @property
    def decision_checkpoints(self) -> Path:
        """Signed checkpoints of the decisions, their heads, and what people decided."""
        return self.journal / "checkpoints.jsonl"

    @property
    def act_checkpoints(self) -> Path:
        """Signed checkpoints of what people decided, one for each act."""
        return self.journal / "acts" / "checkpoints.jsonl"

    def people_records(self) -> list[Path]:
        """Chained records of what people decided, in order of name; those that there are."""
        nightly = {self.decisions, self.decision_heads, self.decision_checkpoints}
        return [p for p in sorted(self.journal.glob("*.jsonl")) if p not in nightly]

    # The desk.

    @property
    def desk_database(self) -> Path:
        """SQLite file of the desk: accounts, cases, audit log."""
        return self.root / "desk" / "desk.sqlite"

    # The gate.

    @property
    def answer_checkpoints(self) -> Path:
        """Signed checkpoints of the gate's answers, and of what people decided meanwhile."""
        return self.online / "checkpoints.jsonl"

    @property
    def online(self) -> Path:
        """Folder of the gate's state."""
        return self.root / "online"

    @property
    def answers(self) -> Path:
        """Chained answers of the gate."""
        return self.online / "journal.jsonl"

    @property
    def inputs(self) -> Path:
        """Folder of the inputs of the gate's answers."""
        return self.online / "inputs"

    @property
    def api_keys(self) -> Path:
        """Digests and scopes of API keys."""
        return self.online / "keys.json"

    @property
    def key_use(self) -> Path:
        """Day of the last use of each API key."""
        return self.online / "key_use.json"

    @property
    def key_lock(self) -> Path:
        """Lock for changes of the key files."""
        return self.online / ".keys.lock"

    @property
    def running_minutes(self) -> Path:
        """SQLite file of the minutes of running sessions."""
        return self.online / "minutes.sqlite"

    def parity(self, night: date) -> Path:
        """Comparison of the gate's minutes with those of the lake at the end of a night."""
        return self.online / "parity" / f"{night.isoformat()}.json"
