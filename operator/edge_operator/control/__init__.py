"""Gather, decide, act: joins the floors below."""
