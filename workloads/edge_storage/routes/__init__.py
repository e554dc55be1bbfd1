"""The store's interface over HTTP, version 1. No authorisation: the NetworkPolicy lets only this site's pods in."""
