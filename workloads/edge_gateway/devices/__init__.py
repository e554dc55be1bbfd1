"""The devices of the site, from the messages of the broker."""
