"""Text of a page of figures and of the summary, made from their JSON."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.harness.figures import BOUND, Row

MAX_LINES = 55  # of a page: one screen
MAX_TABLE_ROWS = 40
HEAD = ["| figure | value | 90 % interval | goal | met |", "|---|---|---|---|---|"]
MAIN_GOALS = {
    "detection:botted-50",
    "detection:botted-15",
    "detection:views-precision",
    "detection:ece-session_inflation",
    "detection:ffsd-published-with-auc",
    "detection:lookalike-any-honest-operator-B",
    "detection:lookalike-any-honest-operator-D",
    "decisions:false-discoveries",
    "decisions:honest-accused",
    "decisions:honest-reviewed",
    "decisions:replayed",
    "decisions:tampering",
    "decisions:mutation",
    "speed:night-growth",
}


def page_text(name: str, twin: dict[str, Any]) -> str:
    """The page of a JSON: title, how to repeat it, a table of goals, and where all rows are."""
    rows = twin["rows"]
    command = twin.get("command") or rows[0]["command"]
    parts = _parts(rows)
    goals = [r for r in rows if r["goal"] is not None]
    missed = sum(r["holds"] is False for r in goals)
    records = ", ".join(f"[ADR-{Path(r).name[:4]}](../decisions/{r})" for r in twin["records"])
    lines = [
        f"# {twin['title']}",
        "",
        f"{twin['measured']} {twin['intervals']}",
        f"Repeat it with `{command}`; "
        + ("each part with its own command, below." if parts else f"{_revision(twin)}."),
        f"All {len(rows)} rows"
        + (f" and {len(twin['tables'])} tables" if twin["tables"] else "")
        + f": [{name}.json]({name}.json)."
        + (f" How they came about: {records}." if records else ""),
        "",
    ]
    if goals:
        lines += [f"{len(goals)} goals, {len(goals) - missed} met, {missed} missed.", ""]
    table = [*HEAD, *_table(rows, MAX_LINES - len(lines) - len(HEAD) - len(parts))]
    if any("before" in r for r in rows):
        before = {r["what"]: r["before"] for r in rows if "before" in r}
        table = [_with_before(line, before) for line in table]
    lines += table + parts
    return "\n".join(lines) + "\n"


def _revision(measured: dict[str, Any]) -> str:
    return f"measured at revision `{measured['revision'][:12]}`"


def _parts(rows: list[Row]) -> list[str]:
    """Lines on the parts of a page whose rows name their own command, revision and scale."""
    parts: dict[tuple[str, str, str], int] = {}
    for r in rows:
        if "revision" in r:
            key = r["command"], r.get("scale", ""), r["revision"][:12]
            parts[key] = parts.get(key, 0) + 1
    head = ["", "| command | rows | scale | revision |", "|---|---|---|---|"]
    lines = [f"| `{c}` | {n} | {scale} | `{at}` |" for (c, scale, at), n in parts.items()]
    return head + lines if lines else []


def _with_before(line: str, before: dict[str, str]) -> str:
    """A line of a table with a last column: the figure before, by the text of the first."""
    if line in HEAD:
        return line + (" before |", "---|")[HEAD.index(line)]
    return f"{line} {before.get(line.split(' | ')[0].removeprefix('| '), '')} |"


def _table(rows: list[Row], room: int) -> list[str]:
    """Lines of a page's table: rows with a goal first, the others where they fit.

    Where goals do not fit, the met ones of the largest kinds are one line each. Misses stay.
    """
    with_goal, folded = [r for r in rows if r["goal"] is not None], set[str]()
    goals, sizes = _grouped(with_goal), Counter(_kind(r) for r in with_goal if r["holds"])
    for kind, size in sizes.most_common():
        if len(goals) <= room or size < 2:
            break
        folded.add(kind)
        goals = _grouped([r for r in with_goal if not (r["holds"] and _kind(r) in folded)])
        goals += [_folded(k, with_goal) for k in sizes if k in folded]
    others = [_line(r) for r in rows if r["goal"] is None]
    return goals + (others if len(goals) + len(others) <= min(room, MAX_TABLE_ROWS) else [])


def _kind(r: Row) -> str:
    """What a row is about: the first word of its id."""
    return str(r["id"]).split("-", maxsplit=1)[0]


def _folded(kind: str, rows: list[Row]) -> str:
    """One line for the met goals of a kind; their figures are in the JSON."""
    mine = [r for r in rows if _kind(r) == kind]
    met = sum(r["holds"] is True for r in mine)
    words = kind.replace("_", " ").capitalize()
    return f"| {words}: goals met, figures in the JSON |  |  |  | {met} of {len(mine)} |"


def _grouped(rows: list[Row]) -> list[str]:
    """Lines of rows with a goal; met rows of one group are one line, missed ones stand alone."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for r in rows:
        if r.get("group"):
            groups.setdefault((r["group"], r["goal"]), []).append(r)
    lines, done = [], set()
    for r in rows:
        key = (r.get("group", ""), r["goal"])
        members = groups.get(key, [r])
        if len(members) > 1 and key not in done:
            done.add(key)
            lines += _group_lines(key[0], members)
        elif len(members) == 1:
            lines.append(_line(r))
    return lines


def _group_lines(group: str, members: list[Row]) -> list[str]:
    """The line that sums up a group, with its worst met row, and the missed rows."""
    met = [r for r in members if r["holds"]]
    lines = []
    if met:
        worst = max(met, key=_badness)
        what = f"{group}: worst of {len(met)} met" if len(met) > 1 else worst["what"]
        lines.append(_line(worst | {"what": what}, f"{len(met)} of {len(members)}"))
    return lines + [_line(r) for r in members if not r["holds"]]


def _badness(r: Row) -> tuple[float, float]:
    """Value and outer bound of the interval, larger where a row is nearer to missing its goal."""
    if not isinstance(r["value"], float):
        return 0.0, 0.0
    low, high = r["interval"] or (r["value"], r["value"])
    if str(r["goal"]).startswith(">="):
        return -r["value"], -low
    return abs(r["value"]), high


def _number(value: Any) -> str:
    if not isinstance(value, float):
        return str(value)
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3f}"


def _line(r: Row, met: str | None = None) -> str:
    low_high = " to ".join(_number(float(x)) for x in r["interval"]) if r["interval"] else ""
    met = met or _met(r)
    return f"| {r['what']} | {_number(r['value'])} | {low_high} | {r['goal'] or ''} | {met} |"


def _met(r: Row) -> str:
    """Whether a goal is met; by how much it is missed, and why."""
    if r["holds"] is None:
        return ""
    if r["holds"]:
        return "yes"
    bound = BOUND.match(r["goal"] or "")
    by = f", by {abs(r['value'] - float(bound[2])):.2g}" if bound else ""
    return f"no{by}: {r.get('why', '')}"


def summary_text(twins: dict[str, dict[str, Any]]) -> str:
    """One screen over all pages: goals met and missed by page, and the main figures."""
    lines = ["# Benchmarks: goals and figures", "", "Generated from the JSON of each page.", ""]
    lines += ["| page | rows | goals | met | missed |", "|---|---|---|---|---|"]
    for name, twin in twins.items():
        goals = [r for r in twin["rows"] if r["goal"] is not None]
        missed = sum(r["holds"] is False for r in goals)
        link = f"[{twin['title']}]({name}.md)"
        counts = f"{len(twin['rows'])} | {len(goals)} | {len(goals) - missed} | {missed}"
        lines.append(f"| {link} | {counts} |")
    lines += ["", "## Main goals", "", *HEAD]
    for name, twin in twins.items():
        rows = [r for r in twin["rows"] if f"{name}:{r['id']}" in MAIN_GOALS]
        lines += [_line(r, "no" if r["holds"] is False else None) for r in rows]
    lines += ["", "Each page lists its missed goals, by how much, and why."]
    return "\n".join(lines) + "\n"
