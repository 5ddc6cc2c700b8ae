"""View models of the desk: what a night published and the lake holds, frozen, without a web."""
