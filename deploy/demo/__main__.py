"""`python -m deploy.demo`: loads the demo market where it is not loaded yet, then keeps it alive until it is told to end."""

from __future__ import annotations

import signal
import sys
from types import FrameType

import structlog

from deploy import instance
from deploy.demo.accounts import Accounts
from deploy.demo.api import Api, ApiRefused
from deploy.demo.keeper import Keeper
from deploy.demo.load import Loader, is_loaded
from shared.settings import Settings

log = structlog.get_logger("demo")
REACHED_WITHIN_S = 300


def main() -> int:
    """Ends with 0 when told to, with 1 if the load failed: the supervisor starts it again and it goes on."""
    settings = Settings()
    accounts = Accounts(settings)
    gateway = instance.address(settings.host, settings.port)
    api = Api(gateway, settings.demo_password, REACHED_WITHIN_S, accounts.sign_in)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        api.stopped.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    loader = Loader(api, settings.data, settings.demo_password, accounts.open)
    try:
        if not is_loaded(settings.data):
            loader.run(lambda step: log.info("loading the demo market", step=step))
            log.info("the demo market is loaded")
        Keeper(loader).keep(lambda said: log.info("the demo market was topped up", said=said))
    except ApiRefused as refusal:
        if api.stopped.is_set():
            return 0
        log.error("the demo market could not be loaded or kept", reason=str(refusal))
        return 1
    finally:
        loader.file.save()
        api.close()
        accounts.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
