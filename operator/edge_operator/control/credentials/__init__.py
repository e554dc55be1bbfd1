"""Root Secrets, certificate authorities of users, password rotation, and the connection info of devices."""
