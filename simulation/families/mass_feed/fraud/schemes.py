"""False views and acts of each scheme, as its sellers carry them out."""

from __future__ import annotations

import numpy as np

from simulation.families.mass_feed.crowd import Crowd
from simulation.families.mass_feed.feed import Served
from simulation.families.mass_feed.fraud.plan import NUMBER, Job, Plan
from simulation.families.mass_feed.fraud.sellers import Sellers
from simulation.families.mass_feed.rows import (
    COMMENT,
    DIRECT,
    FEED,
    FOLLOWED,
    LIKE,
    SEARCH,
    SHARE,
    UNFOLLOWED,
)
from simulation.families.mass_feed.world import DAY

TEMPLATE_TEXT = 4_000_000  # first text of the lists


class Forger:
    """Carries out the jobs on views and engagement."""

    def __init__(self, crowd: Crowd, served: Served, sellers: Sellers) -> None:
        self.crowd, self.served, self.sellers = crowd, served, sellers
        self.rng, self.sessions = crowd.rng, crowd.sessions
        acts = crowd.events.acts.frame()
        acts = acts[acts["s"] >= 0]
        self.honest = {
            kind: np.bincount(mine["s"].astype(int), mine["count"], self.sessions.count)
            for kind, mine in acts.groupby("kind")
        }

    def size(self, job: Job, kind: int, least: float) -> float:
        """Number of false acts: the job's amount times what is honest, or times `least`."""
        return min(job.amount * max(float(self.honest[kind][job.session]), least), 30_000.0)

    def rounds(self, job: Job, share: float) -> np.ndarray:
        """Begin of the round of each false view that the job pays for."""
        mine = self.served.session == job.session
        counts = self.rng.binomial(self.served.count[mine], share)
        return np.repeat(self.served.at[mine], counts)

    def view(self, job: Job, a: np.ndarray, at: np.ndarray, **more: object) -> np.ndarray:
        """Add false views inside the session; returns when each joined."""
        s = job.session
        join = np.clip(at, self.sessions.start[s], self.sessions.end[s] - 0.5)
        self.crowd.events.views.add(len(a), s=s, a=a, join=join, fake=NUMBER[job.scheme], **more)
        return join

    def act(self, job: Job, a: np.ndarray, kind: int, at: np.ndarray, **more: object) -> None:
        """Add false acts, none after the end of the session."""
        at = np.minimum(at, self.sessions.end[job.session])
        self.crowd.events.acts.add(
            len(a), s=job.session, a=a, kind=kind, at=at, fake=NUMBER[job.scheme], **more
        )

    def seeded_reactions(self, job: Job, begin: np.ndarray) -> None:
        """Task workers find the room, stay the task's time, like, follow and go on."""
        rng, n = self.rng, len(begin)
        _, pool = self.sellers.pool("people", job.care)
        a = rng.choice(pool, n)
        at = begin + rng.random(n) * 60 * self.crowd.world.round_minutes
        task = rng.choice([30.0, 60.0, 90.0])
        stay = task + rng.exponential(5 + 60 * job.care, n)
        src = np.where(rng.random(n) < job.care, FEED, rng.choice([SEARCH, SHARE], n))
        join = self.view(job, a, at, stay=stay, src=src)
        liked, won = rng.random(n) < 0.8, rng.random(n) < 0.35
        count = 1 + rng.poisson(8, n)
        self.act(job, a[liked], LIKE, (join + 0.5 * stay)[liked], count=count[liked])
        self.act(job, a[won], FOLLOWED, (join + 0.7 * stay)[won])

    def emulator_farm(self, job: Job, begin: np.ndarray) -> None:
        """Emulators swipe the feed until the room is served; some rooms beside it gain views."""
        rng, n = self.rng, len(begin)
        seller, pool = self.sellers.pool("emulators", job.care)
        a = rng.choice(pool, n)
        at = begin + rng.gamma(2, 15 + 90 * job.care, n)
        net = 7_000_000 + 1_000 * seller + rng.integers(0, 2 + int(60 * job.care), n)
        proxied = rng.random(n) < job.care
        stay = np.exp(rng.normal(np.log(45), 0.15 + 0.8 * job.care, n))
        join = self.view(
            job,
            a,
            at,
            stay=stay,
            src=FEED,
            net=net,
            asn=np.where(proxied, rng.choice([0, 1, 5], n), 4),
            region=np.where(proxied, -9, seller),
            version=np.where(rng.random(n) < job.care, -9, seller % 3),
        )
        live = np.flatnonzero(
            (self.sessions.start < begin.mean()) & (self.sessions.end > begin.mean())
        )
        if len(live) > 3 and n > 5:
            k = n // 8
            other = Job(int(rng.choice(live)), "camouflage", 0.0, job.care)
            if other.session != job.session:
                self.view(
                    other, a[:k], join[:k] - 30, stay=np.exp(rng.normal(1.5, 0.8, k)), src=FEED
                )

    def hijacked_apps(self, job: Job, begin: np.ndarray) -> None:
        """A component in other apps opens the room on phones of people who do not know."""
        rng, n = self.rng, len(begin)
        _, pool = self.sellers.pool("hijacked", job.care)
        at = begin + rng.random(n) * 60 * self.crowd.world.round_minutes
        stay = rng.uniform(15, 40 + 60 * job.care, n)
        src = np.where(rng.random(n) < 0.6, DIRECT, FEED)
        self.view(job, rng.choice(pool, n), at, stay=stay, src=src)

    def swipe_padding(self, job: Job, begin: np.ndarray) -> None:
        """Calls without an app: views of a second or two."""
        rng, n = self.rng, len(begin)
        seller, pool = self.sellers.pool("calls", job.care)
        at = begin + rng.exponential(20 + 150 * job.care, n)
        stay = rng.uniform(0.5, 2.5, n)
        net = 7_100_000 + 1_000 * seller + rng.integers(0, 3 + int(200 * job.care), n)
        old = np.where(rng.random(n) < job.care, -9, 0)
        asn = np.where(rng.random(n) < job.care, 0, 4)
        self.view(job, rng.choice(pool, n), at, stay=stay, src=FEED, net=net, version=old, asn=asn)

    def dwell_bots(self, job: Job, begin: np.ndarray) -> None:
        """Idle accounts lift the average stay: they remain for rounds and do nothing."""
        rng, n = self.rng, len(begin)
        seller, pool = self.sellers.pool("idle", job.care)
        at = begin + rng.exponential(8 + 90 * job.care, n)
        stay = 60.0 * self.crowd.world.round_minutes * rng.choice([1, 2, 4])
        stay = stay + rng.normal(0, 3 + 120 * job.care, n)
        net = np.where(
            rng.random(n) < job.care, -9, 7_200_000 + 1_000 * seller + rng.integers(0, 9, n)
        )
        src = rng.choice([FEED, DIRECT, SHARE], n)
        self.view(job, rng.choice(pool, n), at, stay=np.maximum(stay, 5.0), src=src, net=net)

    def rejoining_pool(self, job: Job, begin: np.ndarray) -> None:
        """A few accounts come back each round for half of it."""
        rng, n = self.rng, len(begin)
        _, pool = self.sellers.pool("rejoin", job.care)
        few = rng.choice(pool, min(max(n // 6, 2), len(pool)), replace=False)
        at = begin + rng.normal(0, 2 + 50 * job.care, n)
        stay = (
            30.0 * self.crowd.world.round_minutes * np.exp(rng.normal(0, 0.05 + 0.5 * job.care, n))
        )
        self.view(job, rng.choice(few, n), at, stay=stay, src=rng.choice([SHARE, FEED], n))

    def hostile_swipes(self, job: Job, begin: np.ndarray) -> None:
        """A rival's bots swipe the room away at once, so that the recommender cuts it."""
        self.swipe_padding(job, begin)

    def like_script(self, job: Job) -> None:
        """Few accounts tap likes at constant gaps."""
        rng, s, n = self.rng, job.session, max(int(12 * job.amount), 2)
        _, pool = self.sellers.pool("idle", job.care)
        a = rng.choice(pool, n)
        each = int(rng.integers(3, 25))
        gap = rng.choice([5.0, 10.0, 30.0])
        begin = rng.uniform(self.sessions.start[s], self.sessions.end[s], n)
        at = begin[:, None] + gap * np.arange(each) + rng.normal(0, 0.2 + 6 * job.care, (n, each))
        inside = (at > self.sessions.start[s]) & (at < self.sessions.end[s])
        who = np.repeat(a, each).reshape(n, each)[inside]
        self.act(
            job,
            who,
            LIKE,
            at[inside],
            count=1 + rng.poisson(self.size(job, LIKE, 30.0) / max(len(who), 1), len(who)),
        )

    def follow_packs(self, job: Job) -> None:
        """Followers are sold in packs and leave within days."""
        rng, s = self.rng, job.session
        _, pool = self.sellers.pool(("rejoin", "people")[int(job.care > 0.5)], job.care)
        n = min(int(4 + 2 * self.size(job, FOLLOWED, 6.0)), len(pool))
        a = rng.choice(pool, n, replace=False)
        begin = rng.uniform(self.sessions.start[s], self.sessions.end[s])
        at = begin + np.sort(rng.exponential(60 + 1_200 * job.care, n))
        self.act(job, a, FOLLOWED, at)
        gone = rng.random(n) < 0.5
        later = at[gone] + rng.exponential(3 * DAY, int(gone.sum()))
        self.crowd.events.acts.add(
            int(gone.sum()), s=-1, a=a[gone], kind=UNFOLLOWED, at=later, fake=NUMBER[job.scheme]
        )

    def comment_templates(self, job: Job) -> None:
        """Comments from a list, by accounts that visit many rooms."""
        rng, s, n = self.rng, job.session, int(4 + self.size(job, COMMENT, 8.0))
        seller, pool = self.sellers.pool("idle", job.care)
        at = rng.uniform(self.sessions.start[s], self.sessions.end[s], n)
        text = TEMPLATE_TEXT + 1_000 * seller + rng.integers(0, 4 + int(200 * job.care), n)
        self.act(job, rng.choice(pool, n), COMMENT, at, text=text)


def carry_out(plan: Plan, forger: Forger) -> None:
    """Carry out all jobs on views and engagement; jobs of one session share its rounds."""
    in_rounds = {
        "seeded_reactions": forger.seeded_reactions,
        "emulator_farm": forger.emulator_farm,
        "hijacked_apps": forger.hijacked_apps,
        "swipe_padding": forger.swipe_padding,
        "dwell_bots": forger.dwell_bots,
        "rejoining_pool": forger.rejoining_pool,
        "hostile_swipes": forger.hostile_swipes,
    }
    at_once = {
        "like_script": forger.like_script,
        "follow_packs": forger.follow_packs,
        "comment_templates": forger.comment_templates,
    }
    amounts = np.zeros(forger.sessions.count)
    for job in plan.jobs:
        amounts[job.session] += job.amount * (job.scheme in in_rounds)
    for job in plan.jobs:
        if job.scheme in in_rounds:
            begin = forger.rounds(job, job.amount / amounts[job.session])
            if len(begin):
                in_rounds[job.scheme](job, begin)
        elif job.scheme in at_once:
            at_once[job.scheme](job)
