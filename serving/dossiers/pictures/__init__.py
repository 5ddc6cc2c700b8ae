"""Geometry of the desk's pictures: positions in a box, which templates draw as inline SVG."""
