"""`python -m postduif`."""

from postduif.cli import main

main()
