"""Loads under a lock file, as rows: what lies there, what is called, and what comes of it.

A row is run by :mod:`trust.child` in a folder of its own, with safeload and without. ``EVIL`` makes the
folder ``ran`` where it is loaded, which no list and no allowance of names lets through; ``HEAD`` is an
object of a class that no list names.
"""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """What is done, and what comes of it.

    Attributes:
        guarded: ``ran`` or ``loaded``, or the error; and words of its message behind a colon.
        bare: the same without safeload.
    """

    arrange: str
    load: str
    guarded: str
    bare: str = "ran"


WRITE = "write('m.pkl', EVIL)"
LOAD = "pickle.load(open('m.pkl', 'rb'))"
BOUND = "NotPinnedError: safeload.lock accepts only sha256:"

# What a pin opens: every way to load, each over bytes that are pinned and then over bytes that are not.
DOORS = {
    "pickle.load": (WRITE, LOAD),
    "pickle.loads": (WRITE, "pickle.loads(open('m.pkl', 'rb').read())"),
    "a BytesIO": (WRITE, "pickle.load(io.BytesIO(open('m.pkl', 'rb').read()))"),
    "an Unpickler": (WRITE, "pickle.Unpickler(open('m.pkl', 'rb')).load()"),
    "an Unpickler over a BytesIO": (WRITE, "pickle.Unpickler(io.BytesIO(open('m.pkl', 'rb').read())).load()"),
    "Python's Unpickler": (WRITE, "pickle._Unpickler(open('m.pkl', 'rb')).load()"),
    "an unbuffered file": (WRITE, "pickle.load(open('m.pkl', 'rb', buffering=0))"),
    "the second pickle of a file": (
        "write('m.pkl', pickle.dumps(1) + EVIL)", "file = open('m.pkl', 'rb'); pickle.load(file); pickle.load(file)",
    ),
    "a gzip": ("gzip.open('m.pkl', 'wb').write(EVIL)", "pickle.load(gzip.open('m.pkl'))"),
    "a bzip2": ("bz2.open('m.pkl', 'wb').write(EVIL)", "pickle.load(bz2.open('m.pkl'))"),
    "an xz": ("lzma.open('m.pkl', 'wb').write(EVIL)", "pickle.load(lzma.open('m.pkl'))"),
    "a member of a zip": (
        "zipfile.ZipFile('m.pkl', 'w').writestr('data', EVIL)", "pickle.load(zipfile.ZipFile('m.pkl').open('data'))",
    ),
    "pandas": ("gzip.open('m.pkl', 'wb').write(EVIL)", "pandas.read_pickle('m.pkl', compression='gzip')"),
    "what cloudpickle makes of a function": (
        "write('m.pkl', cloudpickle.dumps(lambda: os.mkdir('ran')))", "pickle.load(open('m.pkl', 'rb'))()",
    ),
    "numpy.load, npy": ("np.save(open('m.pkl', 'wb'), np.array([evil(), 1]))", "np.load('m.pkl', allow_pickle=True)"),
    "numpy.load, npz": (
        "np.savez(open('m.pkl', 'wb'), a=np.array([evil(), 1]))", "np.load('m.pkl', allow_pickle=True)['a']",
    ),
    "joblib": ("joblib.dump([evil(), np.ones(9)], 'm.pkl')", "joblib.load('m.pkl')"),
    "joblib, the name by its name": ("joblib.dump([evil(), np.ones(9)], 'm.pkl')", "joblib.load(filename='m.pkl')"),
    "joblib, compressed": ("joblib.dump([evil(), np.ones(9)], 'm.pkl', compress=3)", "joblib.load('m.pkl')"),
    "joblib, an open file": ("joblib.dump([evil(), np.ones(9)], 'm.pkl')", "joblib.load(open('m.pkl', 'rb'))"),
    "joblib, mapped": ("joblib.dump([evil(), np.ones(9)], 'm.pkl')", "joblib.load('m.pkl', mmap_mode='r')"),
    "torch": ("torch.save([evil(), torch.ones(9)], 'm.pkl')", "torch.load('m.pkl', weights_only=False)"),
    "torch, the name by its name": (
        "torch.save([evil(), torch.ones(9)], 'm.pkl')", "torch.load(f='m.pkl', weights_only=False)",
    ),
    "torch, a Path": (
        "torch.save([evil(), torch.ones(9)], 'm.pkl')", "torch.load(Path('m.pkl'), weights_only=False)",
    ),
    "torch, mapped": (
        "torch.save([evil(), torch.ones(9)], 'm.pkl')", "torch.load('m.pkl', weights_only=False, mmap=True)",
    ),
    "torch, an open file": (
        "torch.save([evil(), torch.ones(9)], 'm.pkl')", "torch.load(open('m.pkl', 'rb'), weights_only=False)",
    ),
    "torch, a BytesIO": (
        "torch.save([evil(), torch.ones(9)], 'm.pkl')",
        "torch.load(io.BytesIO(open('m.pkl', 'rb').read()), weights_only=False)",
    ),
    "torch, legacy": (
        "torch.save([evil(), torch.ones(9)], 'm.pkl', _use_new_zipfile_serialization=False)",
        "torch.load('m.pkl', weights_only=False)",
    ),
}  # fmt: skip

# Attacks. Each starts from a lock file that is as it should be, but for what the row says.
PINNED = WRITE + "; pin('m.pkl'); "
HONEST = "write('m.pkl', HEAD); pin('m.pkl'); "
ATTACKS = {
    "the name of a pinned file in another folder": Row(
        HONEST + "os.mkdir('x'); write('x/m.pkl', EVIL)", "pickle.load(open('x/m.pkl', 'rb'))", "BlockedGlobalError"
    ),
    "a file object that says it is called so": Row(
        HONEST, "io_named('m.pkl', EVIL, pickle.load)", BOUND,
    ),
    "another file under the pinned path": Row(HONEST + "write('m.pkl', EVIL)", LOAD, BOUND),
    "the pinned path, spelt in another way": Row(
        HONEST + "os.mkdir('x'); write('m.pkl', EVIL)", "pickle.load(open('x/../m.pkl', 'rb'))", BOUND
    ),
    "another file under the pinned path, opened without its name": Row(
        HONEST + "write('m.pkl', EVIL)", "pickle.load(os.fdopen(os.open('m.pkl', os.O_RDONLY), 'rb'))", BOUND
    ),
    "another file under the pinned path, by torch": Row(
        "torch.save([1], 'm.pkl'); pin('m.pkl'); torch.save([evil()], 'm.pkl')",
        "torch.load('m.pkl', weights_only=False)", BOUND,
    ),
    "another file under the pinned path, by joblib": Row(
        "joblib.dump([1], 'm.pkl'); pin('m.pkl'); joblib.dump([evil()], 'm.pkl')", "joblib.load('m.pkl')", BOUND,
    ),
    "another file under the pinned path, for joblib to write into": Row(
        "joblib.dump([np.ones(9)], 'm.pkl'); pin('m.pkl'); joblib.dump([evil(), np.ones(9)], 'm.pkl')",
        "joblib.load('m.pkl', mmap_mode='r+')", "NotPinnedError: accepts only certain bytes here",
    ),
    "other data under the pinned path, which asks for nothing": Row(
        HONEST + "write('m.pkl', pickle.dumps([6, 6, 6]))", LOAD, BOUND, "loaded"
    ),
    "other tensors under the pinned path, for torch's own unpickler": Row(
        "torch.save(torch.ones(9), 'm.pkl'); pin('m.pkl'); torch.save(torch.zeros(9), 'm.pkl')",
        "torch.load('m.pkl')", BOUND, "loaded",
    ),
    "safetensors under the pinned path": Row(
        "torch.save(torch.ones(9), 'm.pkl'); pin('m.pkl'); safetensors({'a': torch.ones(9)}, 'm.pkl')",
        "torch.load('m.pkl')", BOUND, "UnpicklingError",
    ),
    "safetensors under the pinned path, for pickle": Row(
        HONEST + "safetensors({'a': torch.ones(9)}, 'm.pkl')", LOAD, BOUND, "UnpicklingError"
    ),
    "a link in the place of the pinned file": Row(
        HONEST + "write('x.pkl', EVIL); os.remove('m.pkl'); os.symlink('x.pkl', 'm.pkl')", LOAD, BOUND
    ),
    "a link that led to the pinned file": Row(
        "write('x.pkl', HEAD); os.symlink('x.pkl', 'm.pkl'); pin('m.pkl'); write('x.pkl', EVIL)",
        "pickle.load(open('x.pkl', 'rb'))", BOUND,
    ),
    "a folder in the place of the pinned file's": Row(
        "os.mkdir('x'); write('x/m.pkl', HEAD); pin('x/m.pkl'); os.rename('x', 'y'); os.mkdir('z');"
        " write('z/m.pkl', EVIL); os.symlink('z', 'x')",
        "pickle.load(open('x/m.pkl', 'rb'))", BOUND,
    ),
    "a second name of the pinned file, written through": Row(
        HONEST + "os.link('m.pkl', 'x.pkl'); write('x.pkl', EVIL)", LOAD, BOUND
    ),
    "a second name of the pinned file, and that loaded": Row(
        HONEST + "os.link('m.pkl', 'x.pkl'); write('x.pkl', EVIL)", "pickle.load(open('x.pkl', 'rb'))",
        "BlockedGlobalError",
    ),
    "cut short": Row(HONEST + "write('m.pkl', HEAD[:-9])", LOAD, BOUND, "UnpicklingError"),
    "cut short, and what is left is whole": Row(
        "write('m.pkl', pickle.dumps([1]) + HEAD); pin('m.pkl'); write('m.pkl', pickle.dumps([1]))",
        LOAD, BOUND, "loaded",
    ),
    "a cache that claims other bytes": Row(
        "cached_hub('m.pkl', 64 * 'a', EVIL); pin('m.pkl')", LOAD, "NotPinnedError: says that it is sha256:aaaa",
    ),
    "with something behind its end": Row(HONEST + "write('m.pkl', HEAD + b'x')", LOAD, BOUND, "loaded"),
    "with something before its beginning": Row(HONEST + "write('m.pkl', EVIL + HEAD)", LOAD, BOUND),
    "the digest of another file": Row(WRITE + "; pin('m.pkl', sha256=64 * '0', paths=())", LOAD, "BlockedGlobalError"),
    "half of a digest": Row(WRITE + "; pin('m.pkl', sha256=digest('m.pkl')[:32])", LOAD, "NotPinnedError: all 64"),
    "a digest of 63 digits": Row(WRITE + "; pin('m.pkl', sha256=digest('m.pkl')[:63])", LOAD, "NotPinnedError: all 64"),
    "a digest in capitals": Row(
        WRITE + "; pin('m.pkl', sha256=digest('m.pkl').upper())", LOAD, "NotPinnedError: in small letters"
    ),
    "no digest": Row(WRITE + "; pin('m.pkl', sha256='')", LOAD, "NotPinnedError: all 64 digits"),
    "another size": Row(WRITE + "; pin('m.pkl', size=3)", LOAD, "NotPinnedError: its pin says 3 bytes, and it has"),
    "another size, and no path": Row(WRITE + "; pin('m.pkl', size=3, paths=())", LOAD, "BlockedGlobalError"),
    "a pin that expired": Row(WRITE + "; pin('m.pkl', expires=day(-1))", LOAD, "NotPinnedError: its pin expired on"),
    "a pin that expired, and no path": Row(
        WRITE + "; pin('m.pkl', expires=day(-1), paths=())", LOAD, "BlockedGlobalError"
    ),
    "a pin from the day after tomorrow": Row(
        WRITE + "; pin('m.pkl', pinned=day(2))", LOAD, "NotPinnedError: which is not yet"
    ),
    "the same digest twice": Row(
        WRITE + "; pin('m.pkl', level='data'); pin('m.pkl', more=True)", LOAD,
        "NotPinnedError: line 9: this digest stands in line 2 already",
    ),
    "the same path for two digests": Row(
        "write('x.pkl', EVIL); " + HONEST + "pin('x.pkl', paths=['m.pkl'], more=True); write('m.pkl', EVIL)", LOAD,
        "NotPinnedError: line 9: 'm.pkl' is bound in line 2 already",
    ),
    "a merge left half done": Row(
        PINNED + "append('safeload.lock', '<<<<<<< ours\\n')", LOAD,
        "NotPinnedError: line 9: a merge was left half done",
    ),
    "a lock file that is gone": Row(PINNED + "os.remove('safeload.lock')", LOAD, "NotPinnedError: no such lock file"),
    "a lock file that is a folder": Row(
        PINNED + "os.remove('safeload.lock'); os.mkdir('safeload.lock')", LOAD, "NotPinnedError: Is a directory"
    ),
    "a lock file that everybody may write": Row(
        PINNED + "os.chmod('safeload.lock', 0o666)", LOAD, "NotPinnedError: everybody may write it"
    ),
    "a link to a lock file that everybody may write": Row(
        PINNED + "os.rename('safeload.lock', 'x'); os.chmod('x', 0o666); os.symlink('x', 'safeload.lock')", LOAD,
        "NotPinnedError: everybody may write it",
    ),
    "a lock file in a folder that everybody may write": Row(
        PINNED + "os.mkdir('x'); os.chmod('x', 0o777); os.rename('safeload.lock', 'x/safeload.lock');"
        " os.symlink('x/safeload.lock', 'safeload.lock')", LOAD, "NotPinnedError: everybody may write its folder",
    ),
    "somebody else's lock file in a folder where everybody may put one": Row(
        PINNED + "os.mkdir('x'); os.chmod('x', 0o1777); os.rename('safeload.lock', 'x/safeload.lock');"
        " os.chown('x/safeload.lock', 12345, 12345); os.symlink('x/safeload.lock', 'safeload.lock')",
        LOAD, "NotPinnedError: everybody may write its folder",
    ),
    "a lock file in the folder that the program goes to": Row(
        "os.mkdir('x'); os.chdir('x'); " + PINNED + "os.chdir('..'); append('safeload.lock', 'version = 1\\n')",
        "os.chdir('x'); " + LOAD, "BlockedGlobalError",
    ),
    "other data under the pinned path, opened before the program went elsewhere": Row(
        "os.mkdir('x'); " + HONEST + "write('m.pkl', pickle.dumps([6, 6, 6]))",
        "file = open('m.pkl', 'rb'); os.chdir('x'); pickle.load(file)", BOUND, "loaded",
    ),
    "other data under the pinned path, which is taken away once it is open": Row(
        HONEST + "write('m.pkl', pickle.dumps([6, 6, 6]))",
        "file = os.fdopen(os.open('m.pkl', os.O_RDONLY), 'rb'); os.remove('m.pkl'); pickle.load(file)", BOUND, "loaded",
    ),
    "another archive under the pinned path, and a member of it": Row(
        "zipfile.ZipFile('m.pkl', 'w').writestr('data', HEAD); pin('m.pkl');"
        " zipfile.ZipFile('m.pkl', 'w').writestr('data', pickle.dumps([6, 6, 6]))",
        "pickle.load(zipfile.ZipFile('m.pkl').open('data'))", BOUND, "loaded",
    ),
    "another archive under the pinned path, by numpy": Row(
        "np.savez(open('m.pkl', 'wb'), a=np.array([1, 'a'], object)); pin('m.pkl');"
        " np.savez(open('m.pkl', 'wb'), a=np.array([2, 'bb'], object))",
        "np.load('m.pkl', allow_pickle=True)['a']", BOUND, "loaded",
    ),
    "the pinned path under another name of the kernel's": Row(
        HONEST + "write('m.pkl', pickle.dumps([6, 6, 6]))", "pickle.load(open('/proc/self/cwd/m.pkl', 'rb'))",
        BOUND, "loaded",
    ),
    "the pinned path, with two slashes at its beginning": Row(
        HONEST + "write('m.pkl', pickle.dumps([6, 6, 6]))", "pickle.load(open('/' + os.path.abspath('m.pkl'), 'rb'))",
        BOUND, "loaded",
    ),
    "a reason that looks like another table": Row(
        WRITE + "; pin('m.pkl', level='data'); said = open('safeload.lock').read().replace('\"a test\"', \"'''\\n\""
        " \"[[file]]\\ngrant = 'pickle'\\n'''\"); write('safeload.lock', said.encode())",
        LOAD, "NotPinnedError: files are written as [[file]] tables",
    ),
    "a lock file with a grant that there is not": Row(
        WRITE + "; pin('m.pkl', level='everything')", LOAD, "NotPinnedError: line 5: grant is data, names or pickle"
    ),
    "a pin for data, of code": Row(WRITE + "; pin('m.pkl', level='data')", LOAD, "BlockedGlobalError"),
    "a pin for names, of what may never be allowed by name": Row(
        WRITE + "; pin('m.pkl', level='names', globals=['posix:mkdir'])", LOAD,
        "NotPinnedError: line 9: posix:mkdir can never be allowed by name",
    ),
    "a pin for names, of fewer names than it asks for": Row(
        "write('m.pkl', HEAD); pin('m.pkl', level='names', globals=['mylab:Other'])", LOAD,
        "BlockedGlobalError", "loaded",
    ),
    "another file, loaded from within one that is pinned for names": Row(
        "write('x.pkl', HEAD); write('m.pkl', pickle.dumps(mylab.Loads('x.pkl')));"
        " pin('m.pkl', level='names', globals=['mylab:Loads', 'mylab:Head'])", LOAD, "BlockedGlobalError", "loaded",
    ),
    "rewritten in place once it was hashed": Row(
        HONEST + "between(lambda: over('m.pkl', EVIL))", "once(pickle.load, 'm.pkl')", "loaded", "ran"
    ),
    "rewritten in place once it was hashed, by torch": Row(
        "torch.save([mylab.Head()], 'm.pkl'); torch.save([evil()], 'x'); pin('m.pkl');"
        " between(lambda: over('m.pkl', open('x', 'rb').read()))",
        "once(lambda file: torch.load(file, weights_only=False), 'm.pkl')", "loaded", "ran",
    ),
    "renamed over once it was hashed, by torch": Row(
        "torch.save([mylab.Head()], 'm.pkl'); torch.save([evil()], 'x'); pin('m.pkl');"
        " between(lambda: os.replace('x', 'm.pkl'))",
        "before(lambda: torch.load('m.pkl', weights_only=False))", "loaded", "ran",
    ),
    "rewritten in place once it was hashed, mapped by torch": Row(
        "torch.save([mylab.Head()], 'm.pkl'); torch.save([evil()], 'x'); pin('m.pkl');"
        " between(lambda: over('m.pkl', open('x', 'rb').read()))",
        "before(lambda: torch.load('m.pkl', weights_only=False, mmap=True))", "loaded", "ran",
    ),
    "rewritten in place once it was hashed, by joblib": Row(
        "joblib.dump([mylab.Head()], 'm.pkl'); joblib.dump([evil()], 'x'); pin('m.pkl');"
        " between(lambda: over('m.pkl', open('x', 'rb').read()))",
        "before(lambda: joblib.load('m.pkl'))", "loaded", "ran",
    ),
    "rewritten in place once it was hashed, too large to copy": Row(
        "held.COPY_LIMIT = 3; " + HONEST + "between(lambda: over('m.pkl', EVIL))", "once(pickle.load, 'm.pkl')",
        "UnreadableError: it was changed while it was being read", "ran",
    ),
    "rewritten in place once it was hashed, too large to copy, where others may write": Row(
        "held.COPY_LIMIT = 3; " + HONEST + "os.chmod('m.pkl', 0o666); between(lambda: over('m.pkl', EVIL))",
        "once(pickle.load, 'm.pkl')", "NotPinnedError: others than its owner", "ran",
    ),
    "rewritten in place while it is hashed": Row(
        HONEST + "while_hashing(lambda: over('m.pkl', EVIL))", "once(pickle.load, 'm.pkl')",
        "NotPinnedError: it was changed while it was being read", "ran",
    ),
    "too large to copy, and others may write it": Row(
        "held.COPY_LIMIT = 3; " + PINNED + "os.chmod('m.pkl', 0o666)", LOAD, "NotPinnedError: others than its owner"
    ),
    "a digest planted in the cache": Row(
        HONEST + "cached('m.pkl'); over('m.pkl', EVIL); plant('m.pkl', HEAD)", LOAD, BOUND,
    ),
    "a digest planted in the cache of everybody": Row(
        HONEST + "cached('m.pkl'); over('m.pkl', EVIL); old('m.pkl'); plant('m.pkl', HEAD);"
        " os.chmod('cache', 0o777)", LOAD, BOUND,
    ),
    "a digest planted in the cache's folder, which is everybody's": Row(
        HONEST + "cached('m.pkl'); over('m.pkl', EVIL); old('m.pkl'); plant('m.pkl', HEAD);"
        " os.chmod('cache/digests', 0o777)", LOAD, BOUND,
    ),
    "a digest planted as a link": Row(
        HONEST + "cached('m.pkl'); over('m.pkl', EVIL); old('m.pkl'); plant('m.pkl', HEAD, link=True)", LOAD, BOUND,
    ),
    "a cached digest, and the file rewritten": Row(
        HONEST + "cached('m.pkl'); old('m.pkl'); pickle_once('m.pkl'); over('m.pkl', EVIL)", LOAD, BOUND,
    ),
    "a cached digest, and everybody may write the file": Row(
        HONEST + "cached('m.pkl'); over('m.pkl', EVIL); old('m.pkl'); os.chmod('m.pkl', 0o666);"
        " plant('m.pkl', HEAD)", LOAD, BOUND,
    ),
}  # fmt: skip

# What a lock file lets through, and what it leaves as it is.
ALLOWS = {
    "a pin from tomorrow: clocks differ": Row(WRITE + "; pin('m.pkl', pinned=day(1))", LOAD, "ran"),
    "a pin on its last day": Row(WRITE + "; pin('m.pkl', expires=day(0))", LOAD, "ran"),
    "pinned bytes under another name": Row(PINNED + "os.rename('m.pkl', 'x')", "pickle.load(open('x', 'rb'))", "ran"),
    "pinned bytes through a link": Row(
        PINNED + "os.symlink('m.pkl', 'x')", "pickle.load(open('x', 'rb'))", "ran"
    ),
    "a lock file through a link": Row(
        PINNED + "os.rename('safeload.lock', 'x'); os.symlink('x', 'safeload.lock')", LOAD, "ran"
    ),
    "a file with no pin, whose path nothing binds": Row(
        HONEST + "write('x.pkl', pickle.dumps(fractions.Fraction(1)))", "pickle.load(open('x.pkl', 'rb'))",
        "loaded", "loaded",
    ),
    "a pin for names": Row(
        "write('m.pkl', HEAD); pin('m.pkl', level='names', globals=['mylab:Head'])", LOAD, "loaded", "loaded"
    ),
    "a pin for names, by torch": Row(
        "torch.save([mylab.Head(), torch.ones(9)], 'm.pkl'); pin('m.pkl', level='names', globals=['mylab:Head'])",
        "torch.load('m.pkl', weights_only=False)", "loaded", "loaded",
    ),
    "a pin for names, by joblib": Row(
        "joblib.dump([mylab.Head(), np.ones(9)], 'm.pkl', compress=3);"
        " pin('m.pkl', level='names', globals=['mylab:Head'])", "joblib.load('m.pkl')", "loaded", "loaded",
    ),
    "a pin for data": Row(
        "write('m.pkl', pickle.dumps(fractions.Fraction(1))); pin('m.pkl', level='data')", LOAD, "loaded", "loaded"
    ),
    "a pin for data, of safetensors": Row(
        "safetensors({'a': torch.ones(9)}, 'm.pkl'); pin('m.pkl', level='data')", LOAD, "loaded", "UnpicklingError"
    ),
    "a file of many pickles, with its position behind each": Row(
        "write('m.pkl', HEAD * 3 + b'rest'); pin('m.pkl')",
        "file = open('m.pkl', 'rb'); [pickle.load(file) for _ in range(3)]; assert file.read() == b'rest'",
        "loaded", "loaded",
    ),
    "an unpickler of many pickles": Row(
        "write('m.pkl', HEAD * 3 + b'rest'); pin('m.pkl')",
        "file = open('m.pkl', 'rb'); u = pickle.Unpickler(file); [u.load() for _ in range(3)];"
        " assert file.read() == b'rest'", "loaded", "loaded",
    ),
    "without memfd": Row("del os.memfd_create; " + PINNED, LOAD, "ran"),
    "without memfd, mapped by torch": Row(
        "del os.memfd_create; torch.save([evil(), torch.ones(9)], 'm.pkl'); pin('m.pkl')",
        "torch.load('m.pkl', weights_only=False, mmap=True)[1].sum()", "ran",
    ),
    "too large to copy": Row("held.COPY_LIMIT = 3; " + PINNED, LOAD, "ran"),
    "longer than one thread hashes alone": Row(
        "write('m.pkl', pickle.dumps([mylab.Head(), bytes(20 << 20)])); pin('m.pkl')", LOAD, "loaded", "loaded"
    ),
    "with a digest that is remembered": Row(
        PINNED + "cached('m.pkl'); old('m.pkl'); plant('m.pkl', EVIL)", LOAD, "ran"
    ),
}  # fmt: skip

# What goes on where pins are required: it is no load, or its bytes are pinned.
GOES_ON = {
    "a pipe to a process of our own": (
        "append('safeload.lock', 'version = 1\\n')",
        "q = multiprocessing.get_context('fork').SimpleQueue(); q.put(mylab.Head()); q.get()",
    ),
    "a pool": (
        "append('safeload.lock', 'version = 1\\n')",
        "pool = multiprocessing.get_context('fork').Pool(1); assert pool.map(len, ['ab']) == [2]; pool.terminate()",
    ),
    "bytes in memory that are pinned": (
        "write('m.pkl', HEAD); pin('m.pkl')", "pickle.loads(open('m.pkl', 'rb').read())",
    ),
    "bytes that the program trusts": (
        "write('m.pkl', HEAD); append('safeload.lock', 'version = 1\\n')",
        "with safeload.trust('sha256:' + digest('m.pkl'), reason='a test'): pickle.load(open('m.pkl', 'rb'))",
    ),
}  # fmt: skip

# Under require_pins: nothing loads that no pin names, however little it asks for. All of it does without that.
DATA = "write('m.pkl', pickle.dumps([1, 2]))"
NEEDS = "NotPinnedError: opens pinned bytes only"
REQUIRED = {
    "numbers": (DATA, LOAD),
    "numbers in memory": (DATA, "pickle.loads(open('m.pkl', 'rb').read())"),
    "a class that a list names": ("write('m.pkl', pickle.dumps(fractions.Fraction(1)))", LOAD),
    "an Unpickler": (DATA, "pickle.Unpickler(open('m.pkl', 'rb')).load()"),
    "Python's Unpickler": (DATA, "pickle._Unpickler(open('m.pkl', 'rb')).load()"),
    "tensors, for torch's own unpickler": ("torch.save(torch.ones(9), 'm.pkl')", "torch.load('m.pkl')"),
    "tensors in an open file": ("torch.save(torch.ones(9), 'm.pkl')", "torch.load(open('m.pkl', 'rb'))"),
    "tensors in memory": (
        "torch.save(torch.ones(9), 'm.pkl')", "torch.load(io.BytesIO(open('m.pkl', 'rb').read()))",
    ),
    "safetensors": ("safetensors({'a': torch.ones(9)}, 'm.pkl')", "torch.load('m.pkl')"),
    "an array, by joblib": ("joblib.dump(np.ones(9), 'm.pkl')", "joblib.load('m.pkl')"),
    "an array of objects": (
        "np.save(open('m.pkl', 'wb'), np.array([1, 'a'], object))", "np.load('m.pkl', allow_pickle=True)",
    ),
}  # fmt: skip

# Under a policy that pins the key ``KEY``: a folder ``m`` of two signed files, evil.pkl and head.pkl.
SIGN = "folder('m', {'evil.pkl': EVIL, 'head.pkl': HEAD}); signer.sign(Path('m'), KEY); "
HIM = "pickle.load(open('m/evil.pkl', 'rb'))"
OTHER_BYTES = "NotPinnedError: says that other bytes are 'evil.pkl'"
SIGNED = {
    "a signed file": Row(SIGN, HIM, "ran"),
    "a signed file in shards": Row(
        "folder('m', {'evil.pkl': EVIL}); signer.sign(Path('m'), KEY, shard=7)", HIM, "ran"
    ),
    "a signed file in a folder below": Row(
        "folder('m', {'x/evil.pkl': EVIL}); signer.sign(Path('m'), KEY)",
        "pickle.load(open('m/x/evil.pkl', 'rb'))", "ran",
    ),
    "another signed file under its name": Row(
        SIGN + "os.replace('m/evil.pkl', 'm/x'); os.replace('m/head.pkl', 'm/evil.pkl')", HIM, OTHER_BYTES, "loaded"
    ),
    "a link to another signed file under its name": Row(
        SIGN + "os.remove('m/head.pkl'); os.symlink('evil.pkl', 'm/head.pkl')", "pickle.load(open('m/head.pkl', 'rb'))",
        "NotPinnedError: says that other bytes are 'head.pkl'",
    ),
    "a changed file": Row(SIGN + "write('m/evil.pkl', EVIL + b'x')", HIM, OTHER_BYTES),
    "a changed file in shards": Row(
        "folder('m', {'evil.pkl': HEAD}); signer.sign(Path('m'), KEY, shard=7); write('m/evil.pkl', EVIL)",
        HIM, OTHER_BYTES,
    ),
    "a file that is not signed": Row(
        SIGN + "write('m/x.pkl', EVIL)", "pickle.load(open('m/x.pkl', 'rb'))", "BlockedGlobalError"
    ),
    "a file in a folder that signers pass over": Row(
        SIGN + "folder('m/.git', {'x.pkl': EVIL})", "pickle.load(open('m/.git/x.pkl', 'rb'))", "BlockedGlobalError"
    ),
    "a signed file under a name that is not signed": Row(
        SIGN + "os.rename('m/evil.pkl', 'm/x.pkl')", "pickle.load(open('m/x.pkl', 'rb'))", "BlockedGlobalError"
    ),
    "a signed file in another folder": Row(
        SIGN + "os.mkdir('x'); os.rename('m/evil.pkl', 'x/evil.pkl')", "pickle.load(open('x/evil.pkl', 'rb'))",
        "BlockedGlobalError",
    ),
    "a folder that another key signed": Row(
        "folder('m', {'evil.pkl': EVIL}); signer.sign(Path('m'), OTHER)", HIM, "BlockedGlobalError"
    ),
    "a signature that was changed": Row(
        SIGN + "append('m/model.sig', ' x')", HIM, "BlockedGlobalError"
    ),
    "another key in the pinned one's file": Row(
        SIGN + "folder('m', {'evil.pkl': EVIL}); signer.sign(Path('m'), OTHER); write('key.pem', signer.pem(OTHER))",
        HIM, "BlockedGlobalError",
    ),
    "other data under a signed name, with another's bundle nearer to it": Row(
        "folder('m', {'x/evil.pkl': EVIL}); signer.sign(Path('m'), KEY); write('m/x/evil.pkl', pickle.dumps([6]));"
        " signer.sign(Path('m/x'), OTHER)", "pickle.load(open('m/x/evil.pkl', 'rb'))",
        "NotPinnedError: says that other bytes are 'x/evil.pkl'", "loaded",
    ),
    "a signed file, with what is no bundle nearer to it": Row(
        "folder('m', {'x/evil.pkl': EVIL}); signer.sign(Path('m'), KEY); write('m/x/model.sig', b'{}')",
        "pickle.load(open('m/x/evil.pkl', 'rb'))", "ran",
    ),
    "bytes in memory, which have no name": Row(
        SIGN, "pickle.loads(open('m/evil.pkl', 'rb').read())", "BlockedGlobalError"
    ),
    "rewritten in place once it was hashed": Row(
        "folder('m', {'evil.pkl': HEAD}); signer.sign(Path('m'), KEY);"
        " write('safeload.lock', digest('m/evil.pkl').encode()); between(lambda: over('m/evil.pkl', EVIL))",
        "once(pickle.load, 'm/evil.pkl')", "loaded", "ran",
    ),
}  # fmt: skip
