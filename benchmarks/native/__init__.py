"""The built-in models as a person would write them for one framework, without ONNX: what imports are held against."""
