"""What a tier holds, in short."""

from __future__ import annotations

from l3kit.operate.explain.summary import sized


def test_sizes_are_in_binary_units() -> None:
    sizes = (0, 1023, 1024, 1536, 1024**2 - 1, 1024**2, 5 * 1024**2, 2048 * 1024**2)
    assert [sized(size) for size in sizes] == [
        "0 B",
        "1,023 B",
        "1.0 KiB",
        "1.5 KiB",
        "1,024.0 KiB",
        "1.0 MiB",
        "5.0 MiB",
        "2,048.0 MiB",
    ]
