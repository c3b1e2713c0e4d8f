"""`python -m forecast` is the same as `forecast`."""

from forecast.cli import main

main()
