"""Concentrations of joins and of stays."""

from __future__ import annotations

from features.declaration import SESSION, Unit, relation, signal
from features.expressions import BRIEF_SESSION_SECONDS, ratio, seconds_between, without_brief
from features.signals.sessions.view_durations import stays

MIN_BURST_JOINS = 10  # joins within ten seconds that people rarely make by chance
BURST_STEP_SECONDS = 10
MIN_STAY_SECONDS = 60  # shorter stays agree by chance
STAY_STEP_SECONDS = 5


@relation(
    SESSION,
    reads=("views", "sessions"),
    local=True,
    unit=Unit.SHARE_OF_JOINS,
    typology="view_fraud",
    direction=1,
)
def join_steps(views, sessions):
    """Joins of a session in steps of ten seconds; a session below five minutes has none."""
    views = without_brief(views.filter(views.joined_at.notnull()), sessions)
    t = views.mutate(step=views.joined_at.epoch_seconds() // BURST_STEP_SECONDS)
    return t.group_by("session_id", "step").aggregate(joins=t.count())


@relation(
    SESSION,
    reads=("views", "sessions"),
    local=True,
    unit=Unit.SHARE_OF_VIEWS,
    typology="view_fraud",
    direction=1,
)
def join_stay_cells(views, sessions):
    """Cells of (join time, stay), ten by ten, of a session's views of a minute or more."""
    t = stays.build(views, sessions)
    t = t.filter((t.length >= BRIEF_SESSION_SECONDS) & (t.stay >= MIN_STAY_SECONDS))
    t = t.mutate(
        join_cell=(10 * t.offset / t.length).floor().clip(0, 9),
        stay_cell=(10 * t.stay / t.length).floor().clip(0, 9),
    )
    return t.group_by("session_id", "join_cell", "stay_cell").aggregate(views=t.count())


@relation(
    SESSION,
    reads=("views",),
    local=True,
    unit=Unit.SHARE_OF_VIEWS,
    typology="view_fraud",
    direction=1,
)
def stay_steps(views):
    """Stays of a minute or more, in steps of five seconds."""
    t = views.mutate(stay=seconds_between(views.left_at, views.joined_at))
    t = t.filter(t.stay >= MIN_STAY_SECONDS)
    t = t.mutate(step=(t.stay / STAY_STEP_SECONDS).floor())
    return t.group_by("session_id", "step").aggregate(views=t.count())


@signal(
    join_steps,
    alarm=0.20,
    zh="{value} 的进场集中在 10 秒内 10 人以上的批次中",
    en="{value} of its joins came in bursts of ten or more within 10 s",
    blind="A raid from another room or a lucky bag bursts too.",
)
def burst_join_share(t):
    """Share of joins that share their ten seconds with nine or more others.

    Orders of views are delivered in batches.
    """
    return ratio((t.joins >= MIN_BURST_JOINS).ifelse(t.joins, 0).sum(), t.joins.sum())


@signal(
    join_steps,
    zh="最密集的 10 秒占全部进场的 {value}",
    en="the busiest 10 s hold {value} of its joins",
    blind="High by chance in small rooms.",
)
def busiest_step_join_share(t):
    """Share of joins in the busiest ten seconds.

    One batch of bought views enters at once.
    """
    return ratio(t.joins.max(), t.joins.sum())


@signal(
    join_stay_cells,
    zh="进场时刻与停留时长最集中的一格占一分钟以上观看的 {value}",
    en="the commonest join time and stay hold {value} of its views of a minute or more",
    blind="Small rooms fill few cells.",
)
def densest_cell_view_share(t):
    """Largest share of views in one of 10 × 10 cells of (join time, stay).

    Both are shares of the session's length. Bots enter together and stay equally long. Source: the
    joint distribution that FLOCK compares (Shah, KDD 2017); here its maximum only.
    """
    return ratio(t.views.max(), t.views.sum())


@signal(
    stay_steps,
    zh="一分钟以上的观看中有 {value} 停留时长相同（精确到 5 秒）",
    en="{value} of its views of a minute or more stayed equally long, to 5 s",
    blind="Small rooms fill few steps.",
)
def same_stay_view_share(t):
    """Largest share of stays of a minute or more that agree to five seconds.

    A script stays for the time that was set.
    """
    return ratio(t.views.max(), t.views.sum())
