"""The policy: what it says, and each way in which a file is refused, word for word."""

from __future__ import annotations

import re
from dataclasses import replace
from importlib import resources

import pytest

from serving.policy.desk_policy import CasePolicy
from serving.policy.load import BadPolicy, load_policy, parse_policy, policy_of_text
from serving.policy.notice_policy import ReminderPolicy
from serving.policy.schema import PromotionPolicy

POLICY = load_policy()
SHARES = "policy [tiers]: review_session, accuse_session and false_discovery are above 0, at most 1"
ACCOUNTS = "policy [night]: account_share is 0 to 1"
NAMED = "policy [night]: false_view is above 0, at most 1"
RISKS = "policy [tiers]: need 0 <= review_precision <= C <= D <= 1"
ROOMS = "policy [tiers]: need 0 <= capacity_D <= capacity_C <= capacity_B <= 1"
CLASSES = "policy [retention.tables]: a class is live_content, trade or record"
KEPT = "policy [retention]: live content is kept 60 days and records of trade 1095 days at least"
TIER = "policy [measures]: a tier may not suggest a measure that only a person may take"


def ladder(unknown: str) -> str:
    return f"policy [[ladder]]: each code once, and none of the measures outside it: {unknown}"


@pytest.mark.parametrize("probability", [0.0, 1.0])
def test_a_probability_that_flags_all_or_none_is_refused(probability):
    """A probability that flags all or none is refused."""
    text = POLICY.text.replace("flag_probability = 0.5", f"flag_probability = {probability}")
    with pytest.raises(BadPolicy, match="flag_probability is above 0 and below 1"):
        policy_of_text(text, "draft")


def test_prices_are_policy_and_no_default_stands_for_them():
    """A policy without them has none; the shipped one flags from its own key."""
    p = POLICY.promotion
    assert (p.viewer_hour_price, p.like_price, p.order_price) == (0.49, 0.00018, 2.0)
    bare = PromotionPolicy(0.0, -0.02, 0.05, 30)
    prices = (bare.viewer_hour_price, bare.like_price, bare.order_price)
    assert all(price != price for price in prices) and bare.flag_probability == 0.5


def test_holidays_are_known_by_the_year():
    """Holidays are known by the year."""
    calendar = ReminderPolicy(holidays=("2026-10-01",))
    assert [calendar.knows_holidays(y) for y in (2025, 2026, 2027)] == [False, True, False]


def test_the_package_policy_is_read_whole():
    """The package policy is read whole."""
    assert (
        (POLICY.version, POLICY.appeal_days) == ("2026.21", 15)
        and "appeal desk" in POLICY.appeal_route
        and "申诉台" in POLICY.appeal_route_zh
    )
    assert [s.code for s in POLICY.ladder][:2] == ["popup", "warn"] and POLICY.ladder[
        0
    ].zh == "弹窗提示"
    assert [POLICY.step(c) for c in ("none", "popup", "warn", "refer_judiciary")] == [0, 1, 2, 17]
    assert [POLICY.measures.of(t) for t in "ABCD"] == ["none", "popup", "warn", "limit_traffic"]
    assert [POLICY.retention.days(t) for t in ("views", "orders", "outcomes")] == [60, 1095, 1095]
    assert [(e.level, e.least, "boost" in e.allows) for e in POLICY.entitlements] == [
        ("excellent", 80.0, True),
        ("good", 60.0, True),
        ("fair", 40.0, True),
        ("poor", 0.0, False),
        ("unrated", -1.0, True),
    ]


def test_the_digest_is_of_the_text_and_a_named_file_is_read(tmp_path):
    """The digest is of the text, and a named file is read."""
    path = tmp_path / "mine.toml"
    path.write_text(POLICY.text.replace('version = "2026.21"', 'version = "mine 文"'), "utf-8")
    mine = load_policy(path)
    assert (
        mine.version == "mine 文"
        and mine.text != POLICY.text
        and len(mine.sha256) == 64
        and mine.sha256 != POLICY.sha256
    )
    path.write_text(POLICY.text, "utf-8")
    assert load_policy(path) == POLICY


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("review_precision = 0.5", "review_precision = -0.01", RISKS),
        ("review_precision = 0.5", "review_precision = 0.51", RISKS),
        ("C = 0.50", "C = 0.71", RISKS),
        ("D = 0.70", "D = 1.01", RISKS),
        ("false_view = 0.5", "false_view = 0.0", NAMED),
        ("false_view = 0.5", "false_view = 1.01", NAMED),
        ("account_share = 0.05", "account_share = -0.01", ACCOUNTS),
        ("account_share = 0.05", "account_share = 1.01", ACCOUNTS),
        ("capacity_D = 0.04", "capacity_D = -0.01", ROOMS),
        ("capacity_D = 0.04", "capacity_D = 0.11", ROOMS),
        ("capacity_C = 0.10", "capacity_C = 0.26", ROOMS),
        ("capacity_B = 0.25", "capacity_B = 1.01", ROOMS),
        ("review_session = 0.95", "review_session = 0.0", SHARES),
        ("review_session = 0.95", "review_session = 1.01", SHARES),
        ("accuse_session = 0.9", "accuse_session = 0.0", SHARES),
        ("accuse_session = 0.9", "accuse_session = 1.01", SHARES),
        ("false_discovery = 0.05", "false_discovery = 0.0", SHARES),
        ("false_discovery = 0.05", "false_discovery = 1.01", SHARES),
        ('C = "warn"', 'C = "flog"', ladder("['flog']")),
        ('A = "none"', 'A = "a"', ladder("['a']")),
        ('B = "popup"', 'B = "b"', ladder("['b']")),
        ('D = "limit_traffic"', 'D = "d"', ladder("['d']")),
        ('human_only = ["correct",', 'human_only = ["h",', ladder("['h']")),
        ('two_detectors = ["block",', 'two_detectors = ["t",', ladder("['t']")),
        ('code = "warn"', 'code = "popup"', ladder("['warn']")),
        ('code = "refer_judiciary"', 'code = "refer_enforcement"', ladder("['refer_judiciary']")),
        ('D = "limit_traffic"', 'D = "block"', TIER),
        ('A = "none"', 'A = "block"', TIER),
        ('B = "popup"', 'B = "block"', TIER),
        ('C = "warn"', 'C = "block"', TIER),
        ('views = "live_content"', 'views = "forever"', CLASSES),
        ("live_content = 60", "live_content = 59", KEPT),
        ("trade = 1095", "trade = 1094", KEPT),
        ("record = 1095", "record = 1094", KEPT),
    ],
)
def test_what_contradicts_itself_is_refused(old, new, words):
    """A policy that contradicts itself is refused."""
    assert old in POLICY.text
    with pytest.raises(BadPolicy, match=re.escape(words) + "$") as refused:
        parse_policy(POLICY.text.replace(old, new, 1))
    assert str(refused.value) == words and refused.value.exit_code == 7


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("review_precision = 0.5", "review_precision = 0.50"),
        ("C = 0.50", "C = 0.70"),
        ("D = 0.70", "D = 1"),
        ("review_precision = 0.5", "review_precision = 0"),
        ("capacity_D = 0.04", "capacity_D = 0"),
        ("capacity_D = 0.04", "capacity_D = 0.10"),
        ("capacity_C = 0.10", "capacity_C = 0.25"),
        ("capacity_B = 0.25", "capacity_B = 1"),
        ("review_session = 0.95", "review_session = 1"),
        ("accuse_session = 0.9", "accuse_session = 1"),
        ("false_discovery = 0.05", "false_discovery = 1"),
    ],
)
def test_the_ends_of_each_range_belong_to_it(old, new):
    """The ends of each range belong to it."""
    assert parse_policy(POLICY.text.replace(old, new, 1)).sha256 != POLICY.sha256


def test_a_code_twice_is_refused_even_where_every_measure_is_known():
    """A code twice is refused even where every measure is known."""
    with pytest.raises(BadPolicy, match="each code once"):
        parse_policy(
            POLICY.text + '\n[[ladder]]\ncode = "popup"\narticle = "a"\nzh = "b"\nen = "c"\n'
        )


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            "[boost]",
            "[boosts]",
            "policy [boost]: missing ['least_minutes', 'reject', 'review', 'stale_hours', "
            "'valid_minutes'], unknown []",
        ),
        ("clean_nights = 7", "", "policy [tiers]: missing ['clean_nights'], unknown []"),
        (
            "clean_nights = 7",
            "clean_nights = 7\nmercy = 1",
            "policy [tiers]: missing [], unknown ['mercy']",
        ),
        (
            "review_precision = 0.5",
            "B = 0.15\nreview_honest = 0.005",
            "policy [tiers]: missing ['review_precision'], unknown ['B', 'review_honest']",
        ),
    ],
)
def test_a_section_with_a_key_too_few_or_too_many_is_refused(tmp_path, old, new, words):
    """A section with a key too few or too many is refused."""
    path = tmp_path / "p.toml"
    path.write_text(POLICY.text.replace(old, new, 1), "utf-8")
    with pytest.raises(BadPolicy) as refused:
        load_policy(path)
    assert str(refused.value) == words


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('version = "2026.21"', "", "KeyError('version')"),
        ('code = "popup"', 'kode = "popup"', "unexpected keyword argument 'kode'"),
        ("[tiers]", "[tiers", "TOMLDecodeError"),
    ],
)
def test_a_file_that_is_no_policy_is_refused_by_its_name(tmp_path, old, new, words):
    """A file that is no policy is refused by its name."""
    path = tmp_path / "p.toml"
    path.write_text(POLICY.text.replace(old, new, 1), "utf-8")
    with pytest.raises(BadPolicy) as refused:
        load_policy(path)
    assert str(refused.value).startswith(f"policy {path}: ") and words in str(refused.value)


def test_a_code_beside_the_ladder_has_no_step():
    """A code beside the ladder has no step."""
    with pytest.raises(ValueError, match="flog"):
        POLICY.step("flog")
    assert replace(POLICY, version="x").step("popup") == 1


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("review_precision = 0.5", "review_precision = 0.95", "0 <= review_precision"),
        ("clean_nights = 7", "", "clean_nights"),
        ("[boost]", "[boosts]", "boost"),
        ('version = "2026.21"', "", "version"),
    ],
)
def test_a_policy_that_cannot_be_followed_is_refused(tmp_path, old, new, words):
    """A policy that cannot be followed is refused."""
    text = (resources.files("serving.policy") / "policy.toml").read_text("utf-8")
    path = tmp_path / "policy.toml"
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(BadPolicy, match=words):
        load_policy(path)


def test_cases_are_declared_as_policies_without_them_are_read():
    """The section says the values that a policy of an earlier version has without it."""
    assert POLICY.cases == CasePolicy()


def test_a_policy_file_that_is_missing_is_refused(tmp_path):
    """A policy file that cannot be read is refused by its path."""
    with pytest.raises(BadPolicy, match="cannot be read") as refused:
        load_policy(tmp_path / "none.toml")
    assert str(refused.value).startswith(f"policy {tmp_path / 'none.toml'} cannot be read: ")
