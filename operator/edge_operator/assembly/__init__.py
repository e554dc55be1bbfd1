"""Assembles one operator process, a module for each of its parts."""

from edge_operator.assembly.operator import Operator, assemble

__all__ = ["Operator", "assemble"]
