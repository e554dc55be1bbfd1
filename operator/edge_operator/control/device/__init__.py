"""The reconciler of an EdgeDevice's credentials; its liveness is in `edge_operator.control.liveness`."""
