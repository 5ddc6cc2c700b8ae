"""Planted schemes: each turns a session into rows that carry the scheme's number."""

from simulation.schemes.registry import (
    ENGAGEMENT_SCHEMES,
    ORDER_SCHEMES,
    SCHEME_NUMBER,
    SCHEMES,
    TYPOLOGY,
    VIEW_SCHEMES,
    FraudPlan,
    Job,
    SchemeContext,
    draw_plan,
)

__all__ = [
    "ENGAGEMENT_SCHEMES",
    "ORDER_SCHEMES",
    "SCHEMES",
    "SCHEME_NUMBER",
    "TYPOLOGY",
    "VIEW_SCHEMES",
    "FraudPlan",
    "Job",
    "SchemeContext",
    "draw_plan",
]
