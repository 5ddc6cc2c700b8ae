"""Labels: what people found of entities, as rows of `outcomes` that models learn from."""
