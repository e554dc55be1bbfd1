"""A site's broker: its endpoint, the messages that it dropped, the device roster, and cleanup of retained messages."""
