"""Worker processes: the supervisor in the parent, the child, and the protocol between them."""
