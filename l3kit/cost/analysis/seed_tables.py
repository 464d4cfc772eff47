"""The project plan's cost tables (section 3B): 1 MB against 5 MB chunks, and single items against batches."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING

from l3kit.prices.price_book import PriceBook
from l3kit.prices.price_file import Figure

if TYPE_CHECKING:
    import pandas as pd

MOVED_MB = 100
CHUNK_MB = (1, 5)
BATCH_ITEMS = (1, 5, 100, 500)
"""Items per object: one, and batches; 5 and 100 are where the project plan's "80-99 % cheaper" begins and ends."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One row of a table: a quantity in the first and in the second case. USD where it is money."""

    metric: str
    first: Decimal
    second: Decimal

    @property
    def saving(self) -> Decimal:
        """1 - second / first; 0.8 is 80 %. 0 where the first is 0."""
        return 1 - self.second / self.first if self.first else Decimal(0)


def objects_of(moved_mb: Decimal | int, chunk_mb: Decimal | int) -> Decimal:
    """ceil(moved / chunk): objects, and as many PUTs, POSTs to another cloud and turns of the mover's loop."""
    return (Decimal(moved_mb) / chunk_mb).to_integral_value(ROUND_CEILING)


def chunk_table(
    book: PriceBook, moved_mb: Decimal | int = MOVED_MB, chunk_mb: tuple[Decimal | int, Decimal | int] = CHUNK_MB
) -> list[Comparison]:
    """The plan's table: objects, PUT costs into cold and archive, HTTP calls across clouds, turns of the mover's loop.

    PUT cost = objects * price per 1,000 / 1,000, at the book's prices of S3 Standard-IA and Deep Archive.
    """
    counts = [objects_of(moved_mb, size) for size in chunk_mb]

    def row(metric: str, price: Decimal | int = 1) -> Comparison:
        return Comparison(metric, counts[0] * price, counts[1] * price)

    return [
        row("objects"),
        row("PUT cost, cold", _per_request(put_price(book, "standard_ia"))),
        row("PUT cost, archive", _per_request(put_price(book, "deep_archive"))),
        row("HTTP calls (cross-cloud)"),
        row("Lambda iterations"),
    ]


def chunk_frame(book: PriceBook) -> pd.DataFrame:
    """`chunk_table` with its prices' origin, as the plan prints it."""
    import pandas as pd

    rows = [
        [c.metric, _text(c.first), _text(c.second), "unknown" if c.saving.is_nan() else f"{c.saving * 100:.0f} %"]
        for c in chunk_table(book)
    ]
    columns = ["metric", *(f"{size} MB chunks" for size in CHUNK_MB), "saving"]
    return pd.DataFrame(rows, columns=columns).set_index("metric")


def batch_table(book: PriceBook, items: int = 100_000) -> pd.DataFrame:
    """Single items as objects against batches: objects, costs of PUT, GET and LIST in S3 Standard, and the saving.

    A batch of n costs 1 / n of the requests, so 5 items save 80 % and 100 items 99 %.
    """
    import pandas as pd

    put, get, listing = (_per_request(_standard(book, rate)) for rate in ("put", "get", "list"))
    rows = []
    for batch in BATCH_ITEMS:
        objects = objects_of(items, batch)
        lists = (objects / 1000).to_integral_value(ROUND_CEILING)
        saving = 1 - objects / objects_of(items, 1)
        rows.append([batch, int(objects), objects * put, objects * get, lists * listing, float(saving)])
    columns = ["items per object", "objects", "PUT USD", "GET USD", "LIST USD", "saving"]
    return pd.DataFrame(rows, columns=columns)


def request_prices(book: PriceBook) -> pd.DataFrame:
    """The plan's reference of request prices, from the book: USD per 1,000, with date, source and whether confirmed."""
    import pandas as pd

    rows = []
    for name, tier in (
        ("S3 Standard", "standard"),
        ("S3 Standard-IA (cold)", "standard_ia"),
        ("S3 Glacier Deep Archive", "deep_archive"),
    ):
        put, get = put_price(book, tier), book.s3(tier, "get")
        as_of = min((f.as_of for f in (put, get) if f.as_of), default=None)
        rows.append([name, put.value, get.value, as_of, put.confirmed and get.confirmed, put.source])
    columns = ["storage class", "PUT per 1,000", "GET per 1,000", "as of", "confirmed", "source of PUT"]
    return pd.DataFrame(rows, columns=columns)


def put_price(book: PriceBook, tier: str) -> Figure:
    """The price of a PUT into an S3 storage class in the default region."""
    return book.s3(tier, "put")


def _standard(book: PriceBook, rate: str) -> Figure:
    return book.s3("standard", rate)


def _text(value: Decimal) -> str:
    return "unknown" if value.is_nan() else f"{value.normalize():f}"


def _per_request(figure: Figure) -> Decimal:
    return (figure.value if figure.value is not None else Decimal("NaN")) / figure.unit_size
