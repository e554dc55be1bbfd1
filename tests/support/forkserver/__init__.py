"""Starts Python programs under test by fork from a process that has imported them.

Importing a program takes about a second of CPU, and a test run starts hundreds: with this it is paid once per program.
The program is a process of its own, started as `python -m` does it, with its own environment, output and signals.
"""
