"""Read and write safetensors files as raw bytes, so that pruning a file changes no value.

A tensor is (dtype, shape, bytes) with the format's dtype names ("F32", "I64", ...). Needs only the standard library;
from_array() accepts a numpy array.
"""
import json
import struct

ITEM_BYTES = {"F64": 8, "I64": 8, "F32": 4, "I32": 4, "BF16": 2, "F16": 2, "U8": 1}
DTYPE_OF_NUMPY = {"float64": "F64", "int64": "I64", "float32": "F32", "int32": "I32", "uint8": "U8"}


def read(path):
    """-> {name: (dtype, shape, bytes)}"""
    with open(path, "rb") as file:
        header_bytes = struct.unpack("<Q", file.read(8))[0]
        header = json.loads(file.read(header_bytes))
        data = file.read()
    header.pop("__metadata__", None)
    return {name: (info["dtype"], info["shape"], data[slice(*info["data_offsets"])])
            for name, info in header.items()}


def from_array(array):
    return DTYPE_OF_NUMPY[str(array.dtype)], list(array.shape), array.tobytes()


def write(path, tensors):
    """Widest items first, then by name: every tensor is aligned to its item and the file is reproducible."""
    header, offset = {}, 0
    order = sorted(tensors, key=lambda name: (-ITEM_BYTES[tensors[name][0]], name))
    for name in order:
        dtype, shape, data = tensors[name]
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [offset, offset + len(data)]}
        offset += len(data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(tensors[name][2] for name in order))
