"""Looks at sources and proposes a map, with the confidence and the reason of each guess."""
