"""Signals: declared once, computed by one engine. `import features` is the analyst's door."""

from features.catalogue import CATALOGUE as CATALOGUE
from features.engine import compute as compute
