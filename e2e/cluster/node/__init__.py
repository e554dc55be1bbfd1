"""A real node without Docker: kubelet, containerd and the rest in namespaces of their own (needs root on Linux)."""
