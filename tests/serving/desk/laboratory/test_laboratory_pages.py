"""The laboratory in a browser: a draft is edited, replayed and published by two people."""

from __future__ import annotations

from datetime import timedelta

from serving.oversight.policies.policy_record import policy_in_force, recorded_policies
from serving.policy.load import load_policy
from tests.serving.desk.laboratory.test_replay import loose


def test_policy_is_drafted_replayed_and_published_by_two(desk, browser_page):
    """From an empty draft with a fault to a policy that binds on its date, without a shell."""
    page = browser_page("policy", name="ann")
    page.goto("/laboratory")
    page.fill("#title", "Fewer reviews")
    page.click("text=Begin a draft >> nth=-1")
    version = load_policy().version
    head, tail = version.rsplit(".", 1)
    raised = f"{head}.{int(tail) + 1}"
    assert f'version = "{raised}"' in page.input_value("#text")
    text = page.input_value("#text")
    page.fill("#text", text.replace("C = 0.50", "C = 1.5"))
    page.click("text=Save and check")
    assert "tiers.C" in page.inner_text(".problems") and "1.5 is too large" in page.inner_text(
        ".problems"
    )
    page.fill("#text", loose(text))
    page.click("text=Save and check")
    assert "tiers.false_discovery" in page.inner_text("main")
    draft = page.url
    page.fill("#nights-number", "1")
    page.click("button:text-is('Replay')")
    page.wait_for_selector("#bound", timeout=60_000)
    words = page.inner_text("#replay-part")
    assert "Bound on false accusations before and after" in words and "B→C" in words
    assert page.locator("#replay-part a.id").count() > 0
    page.goto(draft)
    start = desk.naive_now().date() + timedelta(days=8)
    page.fill("#start", start.isoformat())
    page.fill("#reason", "too many reviews")
    page.click("button:text-is('Propose')")
    assert "You proposed it" in page.inner_text("main")
    proposal = page.url
    other = browser_page("policy", name="bo")
    other.goto(proposal)
    other.click("button:text-is('Approve')")
    assert "approved and announced" in other.inner_text("main")
    assert policy_in_force(desk.lake, start - timedelta(days=1)).version == version
    assert policy_in_force(desk.lake, start).version == raised
    other.goto("/laboratory")
    assert raised in other.inner_text("section[aria-labelledby=policies]")


def test_start_that_is_too_early_is_refused_in_words(desk, client):
    """The desk says why, and nothing is written."""
    ann = client("policy", name="ann")
    answer = ann.submit("/laboratory/drafts", page="/laboratory", title="x")
    draft = answer.headers["location"]
    soon = (desk.naive_now().date() + timedelta(days=2)).isoformat()
    ann.submit(f"{draft}/propose", page=draft, start=soon, reason="why")
    assert "period of notice would be too short" in ann.get(draft).text
    assert recorded_policies(desk.lake) == []


def test_stale_page_keeps_what_was_typed(desk, client):
    """The second of two editors gets its own text back with a warning."""
    ann, bo = client("policy", name="ann"), client("policy", name="bo")
    draft = ann.submit("/laboratory/drafts", page="/laboratory", title="x").headers["location"]
    text = load_policy().text
    first = ann.submit(draft, page=draft, text=text + "# ann\n", revision="1")
    assert first.status_code == 303
    second = bo.submit(draft, page=draft, text=text + "# bo\n", revision="1")
    assert second.status_code == 409 and "# bo" in second.text
    assert "Another person changed this draft" in second.text


def test_only_makers_of_policy_edit_and_publish(client, desk):
    """A lead reads the laboratory; a viewer does not; neither edits or publishes."""
    ann, lead, viewer = (
        client("policy", name="ann"),
        client("lead", name="lu"),
        client("viewer", name="vi"),
    )
    draft = ann.submit("/laboratory/drafts", page="/laboratory", title="x").headers["location"]
    assert lead.get(draft).status_code == 200 and viewer.get(draft).status_code == 403
    for act in ("", "/replay", "/propose"):
        assert lead.submit(draft + act, text="x", revision="1").status_code == 403
    assert ann.get(draft).text != "x"


def test_challengers_are_shown_beside_the_models(browser_page):
    """A night without challengers says so."""
    page = browser_page("policy")
    page.goto("/laboratory/challengers")
    assert "no challenger" in page.inner_text("main")
