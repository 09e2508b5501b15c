"""What every room gets: settings, problems, HTTP, auth, units, MongoDB, the event bus. Knows no room."""
