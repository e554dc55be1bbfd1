"""Pure functions that compare the desired with the observed state of one object and decide on an action."""
