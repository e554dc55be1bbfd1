"""The ConfigMaps of a site: the broker's configuration, the processor's alert rules."""
