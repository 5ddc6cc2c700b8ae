"""The queue in a real browser: sorted, filtered, searched, given out, and acted on in bulk."""

from __future__ import annotations

from sqlalchemy import select

from serving.desk.store.tables.case_lists import NightOperatorRow
from tests.serving.desk.cases.working import cases_of, golden_cases, state_of
from tests.serving.desk.looks import press, said


def test_queue_by_any_column_and_saved_filters(person_page, desk):
    """Heads of columns sort up and down; a filter that was saved comes back by its name."""
    page = person_page("li", "patrol")
    page.goto("/")
    assert page.locator("th[aria-sort=descending]").inner_text().startswith("Expected harm")
    for direction in ("descending", "ascending"):
        press(page.locator('th a[href*="sort=risk"]'))
        assert page.locator(f"th[aria-sort={direction}]").inner_text().startswith("Risk")
        risks = [
            float(text)
            for text in page.locator("tbody td.number:nth-child(6)").all_inner_texts()
            if text != "unknown"
        ]
        assert len(risks) > 5 and risks == sorted(risks, reverse=direction == "descending")
    page.goto("/")
    page.locator("summary").click()
    page.select_option("#f-kind", "operator")
    with desk.database.snapshot() as session:
        reasons = session.scalars(select(NightOperatorRow.why_en)).first()
    word = max(reasons.split(), key=len).strip(",.;:()").upper()
    page.fill("#f-text", word)  # a word of the reasons, in any case
    press(page.locator('form[method="get"] button'))
    found = page.locator("tbody tr").count()
    assert found > 0 and page.locator("tbody td[colspan]").count() == 0
    page.fill("#filter-name", "views of operators")
    press(page.locator('button[value="save"]'))
    page.goto("/")
    press(page.get_by_role("link", name="views of operators"))
    assert page.locator("tbody tr").count() == found and page.input_value("#f-text") == word
    page.fill("#filter-name", "views of operators")
    press(page.locator('button[value="remove"]'))
    assert page.get_by_role("link", name="views of operators").count() == 0


def test_a_bulk_act_is_undone_in_bulk(person_page, desk):
    """Two cases get a label that ends; one click with a reason takes it from both."""
    page = person_page("li", "patrol")
    page.goto("/?state=every")
    # a page shows 50 cases: those of its first rows, wherever their random ids stand
    values = [box.get_attribute("value") for box in page.locator('input[name="case"]').all()[:2]]
    one, two = (value.partition(":")[0] for value in values)

    def choose() -> None:
        page.goto("/?state=every")
        for case in (one, two):
            page.check(f'input[name="case"][value^="{case}:"]')

    choose()
    page.fill("#b-label", "spring")
    page.fill("#b-until", "2026-02-20")
    press(page.locator('button[value="label"]'))
    assert "2 cases" in said(page)
    page.goto(f"/cases/{one}")
    assert "spring until 20 Feb 2026" in page.inner_text("dl.fields >> nth=0")
    page.goto("/?label=spring")
    assert page.locator("tbody tr").count() == 2
    choose()
    page.fill("#b-reason", "the wrong week")
    press(page.locator('button[value="undo"]'))
    assert state_of(desk, one).labels == state_of(desk, two).labels == ()
    page.goto(f"/cases/{two}")
    assert "the wrong week" in page.inner_text("#history-head + div")


def test_rules_and_capacity_give_the_day(person_page, desk):
    """A lead sets who gets which cases and how many minutes each has; the plan follows."""
    chen, li = person_page("chen", "lead"), person_page("li", "patrol")
    chen.goto("/assignment")
    chen.select_option("#column", "tier")
    chen.fill("#value", "C")
    chen.check('input[name="persons"][value="li"]')
    press(chen.locator('button[value="rule"]'))
    assert "li" in chen.inner_text("tbody")
    form = chen.locator('form:has(input[value="li"]):has(input[name="minutes"])')
    form.locator('input[name="minutes"]').fill("45")
    press(form.locator("button"))
    form = chen.locator('form:has(input[value="chen"]):has(input[name="minutes"])')
    form.locator('input[name="minutes"]').fill("15")
    press(form.locator("button"))
    li.goto("/")
    plan = li.inner_text("section[aria-labelledby=plan-head]")
    assert "Capacity: 60 person-minutes" in plan and "expected harm" in plan
    skip = li.inner_text("section[aria-labelledby=skip-head]")
    assert "can change no tier and no measure" in skip and "is not known" in skip
    assert li.locator("tbody td:nth-child(10)").first.inner_text().endswith("2026 12:00")
    li.goto("/assignment")
    assert li.locator('button[value="rule"]').count() == 0


def test_a_mention_reaches_its_person(person_page, desk):
    """Who is named in a note is told at the queue, and finds it on a page of its own."""
    case = cases_of(desk)[2]
    li, chen = person_page("li", "patrol"), person_page("chen", "lead")
    li.goto(f"/cases/{case}")
    li.fill("#text", "@chen is this the room of last week?")
    press(li.locator('button[value="note"]'))
    chen.goto("/")
    press(chen.get_by_role("link", name="Notes that mention you: 1"))
    press(chen.locator("article a.id"))
    assert chen.url.endswith(f"/cases/{case}")


def test_a_golden_case_is_blind_and_checks_the_desk(person_page, desk):
    """It looks like an audited one and hides its figures; the error rate has an interval after."""
    golden = golden_cases(desk)[0]
    audited = cases_of(desk, "session", "random_audit")[0]
    li = person_page("li", "patrol")
    heads = []
    for case in (golden, audited):
        li.goto(f"/cases/{case}")
        assert "shown once decided" in li.inner_text("dl.fields >> nth=0")
        heads.append(li.locator("dt, h2").all_inner_texts())
    assert heads[0] == heads[1]
    li.goto(f"/cases/{golden}")
    press(li.locator('button[value="claim"]'))
    li.check('input[value="found"]')
    li.fill("#basis", "bots in the whole room")
    li.check('input[value="timeline"]')
    press(li.locator(f'form[action="/cases/{golden}/decide"] button'))
    assert "Check of the desk" in li.inner_text("section[aria-labelledby=decision-head]")
    chen = person_page("chen", "lead")
    chen.goto("/quality")
    assert chen.locator("tbody tr").count() == 2
    assert "%" in chen.locator("tbody tr >> nth=1").inner_text()


def test_late_cases_say_so(person_page, desk):
    """After its due date a case is late in the queue and on its page."""
    desk.clock.advance(days=30)
    page = person_page("li", "patrol")
    page.goto("/")
    press(page.get_by_role("link", name="Past their due date"))
    assert page.locator("tbody tr").count() == page.locator("tbody .tag.bad").count() > 0
    press(page.locator("tbody a.id").first)
    assert "late" in page.inner_text("dl.fields >> nth=0")
