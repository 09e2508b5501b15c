"""Starting, watching and stopping an instance: its servers, its rooms' processes and the `huanliu` command."""
