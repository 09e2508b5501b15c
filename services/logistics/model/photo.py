"""A photo of a load: of its weighbridge ticket, or of what is to be seen of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from shared.files import FileContent, KeptFile

MOST: Final = 12
"""So many photos of a load."""
By = Literal["carrier", "buyer"]
"""The sides that take photos of a load."""


@dataclass(kw_only=True)
class Photo(KeptFile):
    """What is known of a photo; its bytes are a `PhotoFile`. `organisation_id` is who added it, as which side `by` says."""

    by: By
    organisation_id: str


@dataclass(kw_only=True)
class PhotoFile(FileContent):
    """The bytes of a photo, or of its thumbnail."""

    shipment_id: str
