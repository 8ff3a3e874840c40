"""Tensors without code: out of any file (``load``), into safetensors (``convert``), in place of a pickle (``twin``)."""
