"""The two custom resources as types, and the CRD generator. Pure."""
