"""`python -m infer_compare`."""

from infer_compare.cli import main

if __name__ == "__main__":
    main()
