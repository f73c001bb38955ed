"""Generated stubs of impasto.v1; proto/generate.py makes them."""
