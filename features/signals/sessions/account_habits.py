"""What a session's viewers, followers and commenters do in all rooms: habits that a single session does not show.

Accounts made for fraud watch and never act, change devices, follow the same operator again after they left it, and copy one
another's words from room to room. Paid people live an honest life beside their trade, so these signals pass them by.
"""

from __future__ import annotations

import ibis

from features.declaration import SESSION, Signal, relation, seconds_between, signal
from features.derived.account_devices import account_devices

OFTEN = 10  # views in 28 days from which silence is a habit
DEVICES, ACCOUNTS = (
    3,
    4,
)  # devices of one account, accounts on one device, from which they are passed around
YOUNG = 30  # days under which an account is young
WRITERS, COMMON = (
    3,
    0.01,
)  # writers of a text from which it is a script, share of all commenters from which it is just common


@relation(
    SESSION,
    reads=("views", "interactions"),
    local=True,
    whole=("interactions",),
    needs=(account_devices,),
)
def viewer_habits(views, interactions, all_interactions, used):
    """Views by known accounts with the views, devices and actions of the account in all rooms."""
    known = views.filter(views.account_id.notnull()).select("session_id", "account_id")
    wanted = known.select("account_id").distinct()
    seen = used.semi_join(wanted, "account_id")
    seen = seen.group_by("account_id").aggregate(
        seen=seen["views"].sum(), devices=seen.device_id.count()
    )
    acted = (
        all_interactions.filter(all_interactions.kind != "unfollow")
        .semi_join(wanted, "account_id")
        .select("account_id")
        .distinct()
    )
    acted = acted.mutate(acts=ibis.literal(1))
    return known.join(seen, "account_id").left_join(acted, "account_id", rname="{name}_acting")


@relation(SESSION, reads=("views",), local=True, needs=(account_devices,))
def device_habits(views, used):
    """Views with a device, and the accounts that were seen on it in all rooms."""
    known = views.filter(views.device_id.notnull()).select("session_id", "device_id")
    on = used.filter(used.account_id.notnull()).semi_join(known, "device_id")
    return known.join(on.group_by("device_id").aggregate(accounts=on.count()), "device_id")


@relation(SESSION, reads=("interactions", "sessions"))
def repeated_follows(interactions, sessions):
    """Follows by known accounts with how often the account followed the same operator."""
    t = interactions.filter(
        interactions.account_id.notnull() & (interactions.kind == "follow")
    ).select("session_id", "account_id")
    t = t.join(sessions.select("session_id", "operator_id"), "session_id")
    often = t.group_by("account_id", "operator_id").aggregate(times=t.count())
    t = t.join(often, ["account_id", "operator_id"])
    return t.cross_join(t.aggregate(usual=(t.times >= 2).cast("float64").mean()))


@relation(SESSION, reads=("interactions", "accounts"))
def followers(interactions, accounts):
    """Follows by known accounts, whether the account is unverified or under thirty days old, and the shares of all follows that are."""
    t = interactions.filter(
        interactions.account_id.notnull() & (interactions.kind == "follow")
    ).select("session_id", "account_id", "at")
    t = t.join(accounts.select("account_id", "registered_at", "real_name_verified"), "account_id")
    t = t.mutate(
        unverified=~t.real_name_verified,
        young=seconds_between(t["at"], t.registered_at) < YOUNG * 86400.0,
    )
    usual = t.aggregate(
        usual_unverified=t.unverified.cast("float64").mean(),
        usual_young=t.young.cast("float64").mean(),
    )
    return t.cross_join(usual)


@relation(SESSION, reads=("interactions", "sessions"))
def phrases(interactions, sessions):
    """Comments, whether their text is shared between operators' rooms, whether their writer mostly shares, and how usual both are."""
    t = interactions.filter(
        (interactions.kind == "comment")
        & interactions.text_hash.notnull()
        & interactions.account_id.notnull()
    )
    t = t.select("session_id", "account_id", "text_hash").join(
        sessions.select("session_id", "operator_id"), "session_id"
    )
    wide = t.group_by("text_hash").aggregate(
        operators=t.operator_id.nunique(), writers=t.account_id.nunique()
    )
    everyone = t.aggregate(commenters=t.account_id.nunique())
    t = t.join(wide, "text_hash").cross_join(everyone)
    t = t.mutate(
        copied=(t.operators >= 2) & (t.writers >= WRITERS) & (t.writers <= COMMON * t.commenters)
    )
    mine = t.group_by("account_id").aggregate(
        written=t.count(), copies=t.copied.cast("int64").sum()
    )
    t = t.join(mine, "account_id")
    t = t.mutate(copier=(t.written >= 3) & (2 * t.copies > t.written))
    return t.cross_join(
        t.aggregate(
            usual_copied=t.copied.cast("float64").mean(),
            usual_copier=t.copier.cast("float64").mean(),
        )
    )


@signal(
    viewer_habits,
    unit="share of views",
    typology="view_fraud",
    direction=1,
    alarm=0.5,
    graph=True,
    zh="{value:.0%} 的观看来自看过十场以上却从未互动的账号",
    en="{value:.0%} of views are by accounts with ten views or more that never acted anywhere",
    blind="Most people only watch; compare with peers.",
)
def silent_habit_view_share(t):
    """Share of known viewers' views by accounts with ten views or more in 28 days that never acted in any room."""
    return ((t.seen >= OFTEN) & t.acts.isnull()).mean()


@signal(
    viewer_habits,
    unit="share of views",
    typology="view_fraud",
    direction=1,
    alarm=0.15,
    graph=True,
    zh="{value:.0%} 的观看来自 28 天内用过三台以上设备的账号",
    en="{value:.0%} of views are by accounts seen on three devices or more",
    blind="Identifiers of devices that are reset by their owners.",
)
def hopping_view_share(t):
    """Share of known viewers' views by accounts seen on three devices or more in 28 days."""
    return (t.devices >= DEVICES).mean()


@signal(
    device_habits,
    unit="share of views",
    typology="view_fraud",
    direction=1,
    alarm=0.15,
    graph=True,
    zh="{value:.0%} 的观看来自 28 天内登录过四个以上账号的设备",
    en="{value:.0%} of views are on devices that carried four accounts or more in all rooms",
    blind="Tablets in shops; devices sold on.",
)
def crowded_device_view_share(t):
    """Share of views on devices that carried four accounts or more in 28 days, in whatever rooms."""
    return (t.accounts >= ACCOUNTS).mean()


def _excess(flag, usual):
    """Pearson residual of a count of flags against the share that all rows of the platform have, with the half that continuity asks
    for: a share of three follows says little, and this says how little.
    """
    rate = usual.max().clip(1e-3, 0.999)
    n = flag.count().cast("float64")
    return (flag.cast("int64").sum() - 0.5 - n * rate) / (n * rate * (1.0 - rate)).sqrt()


def _beyond_usual(source, zh, en, blind):
    return signal(source, unit="standard deviations", typology="engagement_fraud", direction=1, alarm=4.0, graph=True, zh=zh, en=en, blind=blind)  # fmt: skip


@_beyond_usual(
    repeated_follows,
    "反复关注同一运营者的账号所作关注超出平台平均 {value:.1f} 个标准差",
    "follows by accounts that followed the same operator before exceed what is usual by {value:.1f} standard deviations",
    "People who unfollow and come back.",
)
def repeated_follow_residual(t):
    """Follows by accounts that followed the same operator twice or more in 28 days, beyond their share of all follows."""
    return _excess(t.times >= 2, t.usual)


@_beyond_usual(
    followers,
    "未实名账号所作关注超出平台平均 {value:.1f} 个标准差",
    "follows by accounts without a verified name exceed what is usual by {value:.1f} standard deviations",
    "Verification is not required to follow.",
)
def unverified_follow_residual(t):
    """Follows by accounts without real-name verification, beyond their share of all follows."""
    return _excess(t.unverified, t.usual_unverified)


@_beyond_usual(
    followers,
    "注册不足 30 天的账号所作关注超出平台平均 {value:.1f} 个标准差",
    "follows by accounts under thirty days old exceed what is usual by {value:.1f} standard deviations",
    "A campaign for new users; aged accounts escape.",
)
def new_follower_residual(t):
    """Follows by accounts registered less than thirty days before, beyond their share of all follows."""
    return _excess(t.young, t.usual_young)


@_beyond_usual(
    phrases,
    "跨运营者直播间共用的评论文本超出平台平均 {value:.1f} 个标准差",
    "comments whose text goes round in other operators' rooms exceed what is usual by {value:.1f} standard deviations",
    "Jokes that go round for a week.",
)
def shared_script_residual(t):
    """Comments whose text three accounts or more wrote at two operators or more, beyond their share of all comments.

    Texts that one commenter in a hundred writes are left out: greetings are everybody's.
    """
    return _excess(t.copied, t.usual_copied)


@_beyond_usual(
    phrases,
    "多数发言为跨房间文本的账号所作评论超出平台平均 {value:.1f} 个标准差",
    "comments by accounts most of whose words are shared between rooms exceed what is usual by {value:.1f} standard deviations",
    "Fan clubs that cheer for several hosts.",
)
def copying_commenter_residual(t):
    """Comments by accounts with three comments or more in 28 days of which most are shared between operators' rooms, beyond their
    share of all comments.
    """
    return _excess(t.copier, t.usual_copier)


SIGNALS: tuple[Signal, ...] = (
    silent_habit_view_share,
    hopping_view_share,
    crowded_device_view_share,
    repeated_follow_residual,
    unverified_follow_residual,
    new_follower_residual,
    shared_script_residual,
    copying_commenter_residual,
)
