"""How time and memory of a look grow with a file: ``python tests/bench/growth.py``.

The files have the same few opcodes and more and more bytes behind them; from 1 GB on the bytes are holes of
a sparse file, so that the disk holds none of them. Each figure is of a fresh process: the processor time of
the scan or load alone, and what the process took at most beyond what it had before.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
SIZES: Final = {"1 kB": 10**3, "100 kB": 10**5, "10 MB": 10**7, "1 GB": 10**9, "10 GB": 10**10}
LOADED: Final = 10**8  # above this, files are scanned only

# Each writes a file of ``size`` bytes at ``path``, of which all but the ends are a hole.
WRITERS: Final = {
    "pickle": """
import pickle, numpy as np
head = pickle.dumps(np.float64(1), 4)[:-1] + b'0\\x8e' + size.to_bytes(8, 'little')
tail = b'.'
""",
    "joblib": """
import io, joblib, numpy as np
small = io.BytesIO(); joblib.dump(np.zeros(3, 'u1'), small); small = small.getvalue()
at = small.index(b'K\\x03\\x85')
head = small[:at] + b'\\x8a\\x08' + size.to_bytes(8, 'little') + small[at + 2:]
head = head[:3] + (int.from_bytes(head[3:11], 'little') + 8).to_bytes(8, 'little') + head[11:]
tail = head[-1:]; head = head[:-4]
""",
    "npy": """
import io, numpy as np
out = io.BytesIO()
np.lib.format.write_array_header_1_0(out, {'descr': '|u1', 'fortran_order': False, 'shape': (size,)})
head = out.getvalue(); tail = b''
""",
    "safetensors": """
import json
header = json.dumps({'w': {'dtype': 'U8', 'shape': [size], 'data_offsets': [0, size]}}).encode()
head = len(header).to_bytes(8, 'little') + header; tail = b''
""",
    "torch": """
import io, zipfile, pickle, torch
out = io.BytesIO(); torch.save({'w': torch.zeros(16, dtype=torch.uint8)}, out)
packed = zipfile.ZipFile(out)
class Hole(io.RawIOBase):
    left = size
    def readable(self): return True
    def readinto(self, into):
        count = min(len(into), self.left); self.left -= count
        into[:count] = bytes(count)
        return count
data = packed.read('archive/data.pkl').replace(b'K\\x10', b'\\x8a\\x08' + size.to_bytes(8, 'little'))
import shutil
with zipfile.ZipFile(path, 'w', allowZip64=True) as made:
    made.writestr('archive/data.pkl', data)
    made.writestr('archive/byteorder', 'little')
    with made.open('archive/data/0', 'w', force_zip64=True) as into:
        shutil.copyfileobj(Hole(), into, 1 << 20)
    made.writestr('archive/version', '3\\n')
head = None
""",
}
WRITE: Final = """
import sys
path, size = sys.argv[1], int(sys.argv[2])
{writer}
if head is not None:
    with open(path, 'wb') as file:
        file.write(head); file.seek(size, 1); file.write(tail) if tail else file.truncate()
"""
MEASURE: Final = """
import json, os, resource, sys, time
path, what = sys.argv[1:3]
import safeload, pickle, numpy as np
if what == 'joblib': import joblib
if 'torch' in sys.argv[4]: import torch
small = sys.argv[3]
def memory():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
call = {'scan': safeload.scan, 'pickle': lambda p: pickle.load(open(p, 'rb')), 'joblib': lambda p: joblib.load(p),
        'torch': lambda p: torch.load(p, weights_only=False, mmap=True)}[what]
if small: call(small)
before, start = memory(), time.process_time()
try:
    found = call(path)
    ended = getattr(found, 'problem', '')
except Exception as error:
    ended = f'{type(error).__name__}: {error}'
print(json.dumps([time.process_time() - start, memory() - before, ended]))
"""


def run(code: str, *arguments: str) -> str:
    environment = {"PYTHONPATH": str(ROOT), "SAFELOAD_LOG": "off"}
    line = [sys.executable, "-W", "ignore", "-c", code, *arguments]
    return subprocess.run(line, env=environment, capture_output=True, text=True, check=True).stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-k", default="", help="only this kind of file")
    parser.add_argument("--largest", type=int, default=10**10)
    told = parser.parse_args()
    sizes = {name: size for name, size in SIZES.items() if size <= told.largest}
    print("| file, and what is done | " + " | ".join(sizes) + " |\n|---|" + "---:|" * len(sizes), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for kind, writer in WRITERS.items():
            if told.k not in kind:
                continue
            cells: dict[str, list[str]] = {}
            small = Path(folder, "small")
            run(WRITE.format(writer=writer), str(small), "1000")
            for size in sizes.values():
                if kind == "torch" and size > 10**9:
                    continue  # its zip needs the sum of all bytes: no holes
                path = Path(folder, "file")
                run(WRITE.format(writer=writer), str(path), str(size))
                for what in ("scan", kind):
                    if what in ("npy", "safetensors") or (what != "scan" and size > LOADED and what != "torch"):
                        continue
                    seconds, megabytes, ended = json.loads(run(MEASURE, str(path), what, str(small), kind))
                    if ended:
                        print(f"{kind}, {what}, {size}: {ended}", file=sys.stderr)
                    cells.setdefault(what, []).append(f"{seconds * 1000:.1f} ms, {megabytes:.0f} MB")
                path.unlink()
            for what, row in cells.items():
                did = "scanned" if what == "scan" else f"loaded by {what}"
                filled = row + ["-"] * (len(sizes) - len(row))
                print(f"| {kind}, {did} | " + " | ".join(filled) + " |", flush=True)


if __name__ == "__main__":
    main()
