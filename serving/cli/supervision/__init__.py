"""Commands of what people decide: persons, measures, appeals, complaints."""
