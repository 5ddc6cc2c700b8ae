"""How well the product holds on families of platforms that taught it nothing."""
