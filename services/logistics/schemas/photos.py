"""Shapes of a load's photos."""

from __future__ import annotations

from services.logistics.model import Photo
from services.logistics.model.photo import By
from shared.http import Shape
from shared.http.shapes import Time


class PhotoOut(Shape):
    """A photo of a load; `at` is when it came. `url` gives a JPEG drawn anew, not the file that was sent."""

    id: str
    url: str
    thumbnail_url: str
    at: Time
    by: By

    @classmethod
    def of(cls, shipment_id: str, photo: Photo) -> PhotoOut:
        url = f"/v1/shipments/{shipment_id}/photos/{photo.id}"
        return cls(id=photo.id, url=url, thumbnail_url=f"{url}/thumbnail", at=photo.created_at, by=photo.by)
