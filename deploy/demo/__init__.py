"""The demo market: real steel plants, synthetic sellers and processors, and a day played through the public API."""
