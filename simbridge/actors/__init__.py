"""The data plane: buses, deliveries, archives, connections, and the stand-ins at the ARNs of targets.

Here belongs whatever receives messages in virtual time: a module for each kind of actor, and beside them what
an actor holds (`fault_state`, `queue`) or makes (`results`, `context`). What a message means for AWS's rules
is in `model`, `languages` and `targets`; actors are created by `world/actor_factory`.
"""
