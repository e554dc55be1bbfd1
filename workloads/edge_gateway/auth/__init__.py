"""Who is asking: programs by the site's token, devices by their broker password."""
