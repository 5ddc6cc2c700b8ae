"""Deviance of a session's audience from the audience expected of its kind."""

from __future__ import annotations

from features.declaration import SESSION, Unit, relation, signal
from features.derived.audience_fit import audience_fit


@relation(SESSION, reads=("views", "sessions"), needs=(audience_fit,))
def audience_deviances(_views, _sessions, found):
    """Sessions with their deviance."""
    return found


@signal(
    audience_deviances,
    unit=Unit.NATS_PER_VIEW,
    typology="view_fraud",
    direction=1,
    alarm=1.5,
    zh="其进场时刻与停留时长的组合平均出现频率为同类预期的 {value}",
    en="its combinations of join time and stay are {value} as frequent as its kind leads to expect",
    blind="An honest session unlike its peers deviates too; a good imitation does not.",
)
def audience_deviance(t):
    """Deviance of the joint (join time, stay) from the expected one, in nats a view beyond chance.

    Expected is what sessions of its category and size show. Bots enter and stay unlike people.
    """
    return t.deviance.max()
