"""The NetworkPolicies of a site: who may reach each component, and whom it may reach; nothing else passes."""
