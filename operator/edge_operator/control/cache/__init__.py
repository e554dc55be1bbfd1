"""What the API server last reported: the custom resources, their children, and passwords that users bring."""
