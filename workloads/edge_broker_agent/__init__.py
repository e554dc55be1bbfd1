"""The sidecar of Mosquitto: writes the site's logins and certificate, and publishes the broker's boot id."""
