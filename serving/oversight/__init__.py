"""What the rules ask for beside scores: credit, measures, findings, evidence, retention, audits."""
