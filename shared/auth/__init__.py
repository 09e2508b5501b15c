"""Who is calling and what they may do: tokens verified by accounts' published keys, one table of rules."""

from shared.auth.caller import Caller, Role
from shared.auth.policy import POLICY, Relation, authorise, may

__all__ = ["POLICY", "Caller", "Relation", "Role", "authorise", "may"]
