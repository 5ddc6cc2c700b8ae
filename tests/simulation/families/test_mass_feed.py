"""The recommender of the mass feed: real and bought reactions move its reach."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from simulation.families.mass_feed.feed import Purchases, run_feed
from simulation.families.mass_feed.people import draw_people
from simulation.families.mass_feed.rows import Events
from simulation.families.mass_feed.world import draw_operators, draw_parameters, draw_sessions

SEED = 5


def honest_views(rate, reaction):
    """Honest views of a platform on which all sessions buy views of one reaction."""
    rng = np.random.default_rng(SEED)
    world = replace(draw_parameters(SEED, rng), operators=25)  # far below the cap on views
    people, operators = draw_people(world, rng), draw_operators(world, rng)
    sessions, events = draw_sessions(world, operators, rng), Events()
    n = sessions.count
    bought = Purchases(np.full(n, rate), np.zeros(n, bool), np.ones(n), np.full(n, reaction))
    run_feed(world, people, operators, sessions=sessions, bought=bought, events=events, rng=rng)
    return len(events.views.frame())


def test_bought_reactions_widen_the_honest_audience():
    """Reactions that are bought bring strangers; views that are swiped away lose them."""
    plain = honest_views(0.0, 0.0)
    assert honest_views(0.5, 2.0) > 1.2 * plain
    assert honest_views(0.5, 0.0) < 0.9 * plain
