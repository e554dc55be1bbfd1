"""The Secrets of a site: logins on the broker, its password file, the token of the HTTP interface."""
