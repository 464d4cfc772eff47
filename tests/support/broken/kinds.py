"""Every way in which a request is broken, and requests drawn by a seed."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from tests.support.broken.contents import (
    change_of_protocol,
    long_header,
    many_headers,
    no_colon,
    odd_authorization,
    odd_bytes,
    odd_coding,
    odd_first_line,
    odd_json,
    odd_method,
    odd_target,
    other_line_ends,
)
from tests.support.broken.ends import (
    cut_body,
    cut_chunks,
    cut_head,
    http2,
    http2_headers,
    length_and_chunks,
    nothing,
    one_behind_another,
    random_bytes,
    scrambled,
    slow,
    tls,
    two_lengths,
    wrong_length,
)
from tests.support.broken.whole import HALF, Break, Broken, Whole


def drawn(seed: int, templates: Mapping[str, Sequence[Whole]], rounds: int) -> list[tuple[str, Broken]]:
    """Generate requests by port: each kind of breakage on each port, `rounds` times, in an order given by the seed."""
    found: list[tuple[str, Broken]] = []
    for port, wholes in templates.items():
        for kind, make in KINDS.items():
            for number in range(rounds):
                chance = random.Random(f"{seed} {port} {kind} {number}")
                secret = f"s3cr3t{chance.randbytes(12).hex()}"
                mark = HALF if make in NEVER_WHOLE else b"whole"
                made = make(chance, chance.choice(wholes).marked(mark), secret)
                end = chance.choice(("wait", "wait", "half", "reset", "open")) if made.end == "wait" else made.end
                found.append((port, Broken(kind, secret, made.pieces, end)))
    random.Random(seed).shuffle(found)
    return found


KINDS: Mapping[str, Break] = {
    make.__name__: make
    for make in (
        cut_head, cut_body, cut_chunks, wrong_length, two_lengths, length_and_chunks, odd_bytes, no_colon,
        odd_first_line, odd_method, odd_target, many_headers, long_header, odd_authorization, odd_json, odd_coding,
        change_of_protocol, other_line_ends, tls, http2, http2_headers, random_bytes, scrambled, slow,
        one_behind_another, nothing,
    )
}  # fmt: skip
NEVER_WHOLE = (cut_head, cut_body, cut_chunks, slow)
