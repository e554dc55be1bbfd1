"""The project's images: built once for each content of what goes in, with Docker or without."""
