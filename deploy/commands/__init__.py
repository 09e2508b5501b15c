"""The commands of `huanliu`, a module each; `deploy/cli.py` names them all."""
