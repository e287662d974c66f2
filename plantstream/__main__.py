"""`python -m plantstream` is the command."""

from plantstream.cli import main

main()
