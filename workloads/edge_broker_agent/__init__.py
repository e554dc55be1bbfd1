"""The agent beside Mosquitto: brings it the site's logins and certificate, and tells when it was started."""
