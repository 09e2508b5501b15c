"""The console: pages for people, made by the server, that speak to the rooms by the public API alone.

From top to bottom: `web` (addresses, and what stands before a page), `pages/` (one file per area, its table at the foot),
`visit` (one request), `signing_in`, `house` (what pages share), and what knows nothing of pages: `board`, `formats`, `hauls`,
`sessions`, `client`, `registry`, `assets`, `texts`, `store`. Nothing on a page comes from another origin, and none has
a script or a style of its own in its text.
"""

from gateway.console.web import Console, register

__all__ = ["Console", "register"]
