"""View models of pages about a night: what it published and the lake holds, without a web."""
