from dataclasses import dataclass
@dataclass(frozen=True)
class CosmosPlace:
    endpoint: str
    database: str
    credential: object
    agent: str = ""
def open_hot(*a, **k): ...
def open_journal(*a, **k): ...
