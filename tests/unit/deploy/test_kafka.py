"""What Kafka's tools are told."""

from __future__ import annotations

import uuid
from unittest.mock import patch

from deploy.servers import kafka


def test_a_cluster_id_never_looks_like_an_option() -> None:
    hyphened, plain = uuid.UUID(bytes=b"\xf8" + bytes(15)), uuid.UUID(bytes=bytes(16))
    with patch.object(kafka.uuid, "uuid4", side_effect=[hyphened, plain]):
        assert kafka._cluster_id() == "A" * 22
