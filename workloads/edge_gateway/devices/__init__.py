"""The devices of the site, as the gateway knows them from the broker."""
