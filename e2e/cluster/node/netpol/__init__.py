"""Enforces NetworkPolicy (IPv4) on the node, with iptables in its network namespace."""
