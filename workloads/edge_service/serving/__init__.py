"""What our servers share: limits of time, of connections and of file descriptors. Also used by the operator."""
