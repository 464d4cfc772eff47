"""Request rates of the object stores.

Sources:
    S3: docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html: 3,500 PUT, COPY, POST or DELETE and
        5,500 GET or HEAD requests a second for a partitioned prefix; 503 SlowDown above
    Cloud Storage: cloud.google.com/storage/docs/request-rate: 1,000 writes, 5,000 reads (lists included) a second for
        a bucket at first; cloud.google.com/storage/quotas: one write a second of the same object; 429 above
    Blob Storage: learn.microsoft.com/azure/storage/common/scalability-targets-standard-account: 20,000 requests a
        second of an account in most regions (40,000 in some); .../blobs/scalability-targets: 500 of one blob; 503 above

A new bucket of S3 has one partition, so its bucket counts as the prefix. All have one second of depth.
"""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.rates.token_bucket import TokenBucket

READS = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class ObjectRates:
    """Requests a second of a bucket or account, and of one object.

    Attributes:
        shared: reads and writes have one budget, of `writes`.
        status, code: of the refusal.
    """

    name: str
    writes: float
    reads: float
    status: int
    code: str
    object_writes: float = float("inf")
    object_reads: float = float("inf")
    shared: bool = False


S3 = ObjectRates("s3", 3_500, 5_500, 503, "SlowDown")
CLOUD_STORAGE = ObjectRates("cloud-storage", 1_000, 5_000, 429, "rateLimitExceeded", object_writes=1)
BLOB_STORAGE = ObjectRates("blob-storage", 20_000, 20_000, 503, "ServerBusy", 500, 500, shared=True)
OBJECT_STORES = {rates.name: rates for rates in (S3, CLOUD_STORAGE, BLOB_STORAGE)}


class ObjectBudget:
    """What an object store with these rates has left."""

    def __init__(self, rates: ObjectRates) -> None:
        self.rates = rates
        self._wholes: dict[tuple[str, bool], TokenBucket] = {}
        self._objects: dict[tuple[str, bool], TokenBucket] = {}

    def take(self, method: str, bucket: str, name: str, now: float) -> bool:
        """Take one request. `name`: of the object; empty for a list."""
        reads = method in READS
        whole = self._wholes.get((bucket, reads and not self.rates.shared))
        if whole is None:
            rate = self.rates.reads if reads and not self.rates.shared else self.rates.writes
            whole = self._wholes[bucket, reads and not self.rates.shared] = TokenBucket(rate, rate)
        if not whole.has(1, now):
            return False
        rate = self.rates.object_reads if reads else self.rates.object_writes
        if name and rate != float("inf"):
            one = self._objects.setdefault((f"{bucket}/{name}", reads), TokenBucket(rate, max(1.0, rate)))
            if not one.take(1, now):
                return False
        whole.charge(1, now)
        return True
