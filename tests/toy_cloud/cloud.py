"""Toybox as a session reaches it: the port `Cloud`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from l3kit.clouds.shared.hosted_functions import HostedFunctions
from l3kit.tiering.ports import HotStore, JournalStore, ObjectStore, Tier
from l3kit.tiering.settings.function_table import StoreName
from l3kit.twin.cron_forms import unix_cron
from tests.toy_cloud import names
from tests.toy_cloud.function_host import ToyFunctionHost
from tests.toy_cloud.hot_store import ToyHotStore
from tests.toy_cloud.journal_store import ToyJournalStore
from tests.toy_cloud.object_store import ToyObjectStore

if TYPE_CHECKING:
    from l3kit.clouds.ports.deployed_links import DeployedLinks
    from l3kit.twin.config import Twin
    from tests.toy_cloud.provisioner import ToyProvisioner


class ToyCloud(HostedFunctions):
    """The stores of one folder, and the functions of one host."""

    provider = names.NAME
    account = names.NAME

    def __init__(self, folder: Path, host: ToyFunctionHost) -> None:
        super().__init__(
            names.NAME,
            lambda twin: host,
            lambda twin, function: names.function_name(twin.name, function),
            unix_cron,
            lambda there, function: there.url,
        )
        self.folder = folder
        self.host = host

    def provisioner(self, twin: Twin, links: DeployedLinks) -> ToyProvisioner:
        from tests.toy_cloud.provisioner import ToyProvisioner

        return ToyProvisioner(twin, self.folder, self.host, links)

    def store_name(self, twin: Twin, resource: StoreName) -> str:
        return names.store_name(twin.name, resource)

    def hot_store(self, twin: Twin) -> HotStore:
        return ToyHotStore(self.folder / self.store_name(twin, "hot"))

    def journal_store(self, twin: Twin) -> JournalStore:
        return ToyJournalStore(self.folder / self.store_name(twin, "journal"))

    def object_store(self, twin: Twin, tier: Tier) -> ObjectStore:
        return ToyObjectStore(self.folder / self.store_name(twin, tier), tier)
