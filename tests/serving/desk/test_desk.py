"""The desk follows the policy that binds on the day of a request."""

from __future__ import annotations

from datetime import timedelta

from serving.desk.web.request_state import desk_of_today
from serving.oversight.policies.publication import (
    PolicyProposal,
    approve_policy,
    propose_policy,
)


def test_policy_comes_into_force_while_the_desk_is_served(desk, people, clock):
    """A policy that was published binds at the desk from its date on, without a restart."""
    for name in ("ann", "bo"):
        people.add(name, "policy")
    announced = clock.now.date()
    start = announced + timedelta(days=8)
    dates = f"[validity]\nannounced_on = {announced}\neffective_from = {start}\n"
    text = desk.policy.text.replace(desk.policy.version, "2026.99")
    proposal = PolicyProposal(text.replace("[validity]\n", dates), "why", people.signer("ann"))
    recorded = propose_policy(desk.lake, proposal, desk.naive_now())
    approve_policy(desk.lake, recorded.policy_id, people.signer("bo"), desk.naive_now())
    assert desk_of_today(desk).policy.version == desk.policy.version
    clock.advance(days=8)
    assert desk_of_today(desk).policy.version == "2026.99"
    assert desk_of_today(desk).database is desk.database
