"""Senders from one function of the chain to its receiver on the next cloud."""

from __future__ import annotations

import time
from collections.abc import Callable

import requests

from l3kit.errors import TransferError
from l3kit.tiering.settings.function_table import FUNCTIONS
from l3kit.tiering.settings.loading import Settings
from l3kit.tiering.settings.twin_info import provider_key
from l3kit.tiering.stream.patience import Patience
from l3kit.tiering.transfer.connection import open_session
from l3kit.tiering.transfer.sender import Writer

RECEIVERS = {"connector": "ingestion", "persister": "writer", "event-checker": "feedback-receiver"}


class Senders:
    """Opens a sender for each batch; all share one session.

    Args:
        pause: sleeps for the given seconds.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        session: requests.Session | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._settings = settings
        self._url = settings.remote_url or ""
        self._session = session or open_session(self._url)
        self._pause = pause

    def open(self, patience: Patience) -> Writer:
        """Open a sender whose retries end with the invocation: a later one could put an old version over a newer one.

        Raises: ConfigurationError for an invalid url.
        """
        settings, link = self._settings, self.link

        def sleep(seconds: float) -> None:
            if seconds >= patience.left():
                raise TransferError(link, "failed, and no time is left for another try", "See the receiver's log")
            self._pause(seconds)

        timeout = min(float(settings.tuning.request_timeout_seconds), max(patience.left(), 1.0))
        return Writer(
            self._url,
            settings.token,
            link,
            signed_path=f"/{RECEIVERS[settings.function]}" if settings.auth.signed else "",
            session=self._session,
            sleep=sleep,
            timeout=timeout,
        )

    @property
    def link(self) -> str:
        """The link's id, such as `aws_l1_to_azure_l2`, `azure_l2_to_gcp_l3hot` or `azure_l2_to_aws_l1`."""
        spec = FUNCTIONS[self._settings.function]
        target = spec.sends_to or str(spec.target)
        receiver = (self._settings.twin.providers or {})[provider_key(target)]
        return f"{self._settings.provider}_{spec.tier}_to_{receiver}_{target if spec.sends_to else f'l3{target}'}"
