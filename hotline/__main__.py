"""``python -m hotline``: the program, from a source tree."""

from hotline.cli import main

main()
