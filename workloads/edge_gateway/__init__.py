"""The gateway: HTTP for people, programs and devices of a site."""
