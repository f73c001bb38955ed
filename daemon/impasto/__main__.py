"""``python -m impasto``: the command line, for environments whose script folder is not on PATH."""

from impasto.cli import main

if __name__ == "__main__":
    main()
