"""The onnx backend."""
