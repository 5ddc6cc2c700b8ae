"""False views, acts and orders: the plan, the sellers and what they deliver."""
