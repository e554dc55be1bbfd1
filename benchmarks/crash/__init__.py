"""The crash matrix: processes are killed, ended and stopped under load, and what was acknowledged is checked."""
