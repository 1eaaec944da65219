"""`python -m infer_compare.worker`: what the supervisor starts; not for people."""

from infer_compare.worker.child import main

if __name__ == "__main__":
    main()
