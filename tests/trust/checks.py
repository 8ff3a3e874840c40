"""Each kind of tampering, a row of it, and the check that stops it: without that check the same row goes through.

``without`` is run in the process of the row, behind what the row arranges: it takes one check away and nothing else.
"""

from __future__ import annotations

from typing import NamedTuple


class Check(NamedTuple):
    """One check, taken away.

    Attributes:
        row: of :mod:`trust.rows`.
        outcome: what comes of it then: ``ran``, the canary fires; ``loaded``, other bytes than the pinned ones load.
    """

    kind: str
    row: str
    without: str
    outcome: str = "ran"


BY_NAME = "granting._pinned = lambda lock, found, path: (lock.pins.get(lock.bound_to(path) or found.digest), '')"
THE_INODE_ALONE = (
    "held.stamp_of = lambda status: (status.st_ino,); guard.stamp_of = lambda file: (os.fstat(file.fileno()).st_ino,)"
)
AT_ANY_TIME = "granting._not_now = lambda pin, found: ''"
LISTED = "bundles.Statement.covers = lambda *_: True"
ANY_OF_THEM = "; signatures.says = lambda said, name, found: any(p[0][2] == found.digest for p in said.files.values())"
ANYTHING = "; signatures.says = lambda *_: True"

# What is not done any more -> where that shows.
CHECKS = {
    "the digest is compared with the pin's": Check("rename swap", "another file under the pinned path", BY_NAME),
    "what was hashed is what is loaded, by torch": Check(
        "rename swap", "renamed over once it was hashed, by torch", "held.Held.again = lambda _: open('m.pkl', 'rb')"
    ),
    "the copy is one": Check(
        "in-place rewrite", "rewritten in place once it was hashed",
        "held._copy = lambda at: held.Held(*held._digest(at, None), 'nowhere', held._again(at))",
    ),
    "the copy is one, by joblib": Check(
        "in-place rewrite", "rewritten in place once it was hashed, by joblib",
        "held._copy = lambda at: held.Held(*held._digest(at, None), 'nowhere', held._again(at))",
    ),
    "what is not copied is compared again": Check(
        "in-place rewrite", "rewritten in place once it was hashed, too large to copy", THE_INODE_ALONE,
    ),
    "what others may write is not loaded where it lies": Check(
        "in-place rewrite", "rewritten in place once it was hashed, too large to copy, where others may write",
        "held.theirs = lambda _: ''; " + THE_INODE_ALONE,
    ),
    "the digest is of all of it": Check("truncated", "cut short, and what is left is whole", BY_NAME, "loaded"),
    "the digest is of all of it, behind its end": Check(
        "truncated", "with something behind its end", BY_NAME, "loaded"
    ),
    "the digest is compared, through a link": Check(
        "symlink swapped", "a link in the place of the pinned file", BY_NAME
    ),
    "the digest is compared, in another folder": Check(
        "directory swapped", "a folder in the place of the pinned file's", BY_NAME
    ),
    "the size is compared": Check("lock edited", "another size", AT_ANY_TIME),
    "the day is compared": Check("lock edited", "a pin that expired", AT_ANY_TIME),
    "a pin holds from its day on": Check("lock edited", "a pin from the day after tomorrow", AT_ANY_TIME),
    "a digest stands there once": Check(
        "lock edited", "the same digest twice",
        "reading._together = lambda path, pins: lock.Lock(path=str(path), pins={pin.sha256: pin for pin in pins})",
    ),
    "not everybody may write it": Check(
        "lock edited", "a lock file that everybody may write",
        "policy_file.text_of_named_file = lambda path: path.read_text()",
    ),
    "the signature is verified": Check(
        "wrong key", "signed: a folder that another key signed", "keys.verify = lambda *_: None"
    ),
    "the key is the pinned one": Check(
        "wrong key", "signed: another key in the pinned one's file",
        "public_key = keys.public_key; keys.public_key = lambda pem: (signer.digest(KEY), public_key(pem)[1])",
    ),
    "the bytes are signed under this name": Check(
        "wrong name", "signed: a link to another signed file under its name", LISTED + ANY_OF_THEM
    ),
    "the name is signed": Check(
        "wrong name", "signed: a signed file under a name that is not signed", LISTED + ANY_OF_THEM
    ),
    "it is listed": Check("extra file", "signed: a file that is not signed", LISTED + ANYTHING),
    "it is listed, where signers look away": Check(
        "extra file", "signed: a file in a folder that signers pass over", LISTED + ANYTHING
    ),
    "a remembered digest is of a file that looks the same": Check(
        "stale cache", "a cached digest, and the file rewritten",
        "known._key = lambda _, kept=os.listdir('cache/digests'): kept[0]",
    ),
    "a young file is hashed": Check("stale cache", "a digest planted in the cache", "known.YOUNG = -1"),
    "the cache is ours alone": Check(
        "stale cache", "a digest planted in the cache of everybody", "cache.not_ours = lambda _: ''"
    ),
    "its folder is ours alone": Check(
        "stale cache", "a digest planted in the cache's folder, which is everybody's", "cache.not_ours = lambda _: ''"
    ),
    "what is in it is no link": Check("stale cache", "a digest planted as a link", "os.O_NOFOLLOW = 0"),
    "what others may write is hashed": Check(
        "stale cache", "a cached digest, and everybody may write the file", "held.theirs = lambda _: ''"
    ),
    "the claim is compared": Check(
        "other bytes than the hub's", "a cache that claims other bytes", "claims.Claim.against = lambda *_: ''"
    ),
}  # fmt: skip

# The kinds that there have to be: every one is a row, and has its check.
KINDS = (
    "rename swap", "in-place rewrite", "truncated", "symlink swapped", "directory swapped", "lock edited", "wrong key",
    "wrong name", "extra file", "stale cache", "other bytes than the hub's",
)  # fmt: skip
