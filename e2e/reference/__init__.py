"""docs/api-reference.md: every field of both resources, from the types that the CRDs are generated from."""
