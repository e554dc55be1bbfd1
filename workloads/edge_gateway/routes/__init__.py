"""The gateway's HTTP interface: one file a subject."""
