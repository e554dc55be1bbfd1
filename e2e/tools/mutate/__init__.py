"""A mutation run: change the product in one place at a time, and see whether a quick test notices."""
