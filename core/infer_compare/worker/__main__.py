"""`python -m infer_compare.worker`: the worker process, started by the supervisor and not by people."""

from infer_compare.worker.child import main

if __name__ == "__main__":
    main()
