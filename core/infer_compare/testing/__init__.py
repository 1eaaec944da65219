"""What authors of backends test with: the conformance kit."""
