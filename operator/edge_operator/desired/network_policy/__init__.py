"""The NetworkPolicies of a site: who may connect to each component, and to which it may connect; all else is denied."""
