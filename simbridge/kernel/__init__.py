"""The discrete-event kernel: one queue, one clock, one order.

`kernel` delivers messages from the `event_queue` to actors, each in a `turn`; every delivery is one of the
`records` of the trace. `livelock`, `control` and `interrupts` decide what may stop it, and `exclusive` which
thread may change it.

Theory of operation
-------------------
Everything that happens is a message that an actor receives. Messages are delivered in the order
(time, sequence), where the sequence number is drawn when the message is *sent*; there is no second
tie-breaker, so nothing about hashing, identity or the host can change the order (`event_queue`).

The queue entry *is* the line of the trace: a tuple in the shape of `Record` that is appended to a list
when it is delivered. There is no `record()` call to forget. Records, messages and instants are objects
that Python's garbage collector need not track, which keeps a trace of millions of records cheap.

An actor runs to completion and never waits (`turn`). It may hold plain data only: then the whole kernel
is plain data, and can be copied (`fork`) or pickled between two steps.

Two things are deliberately outside the order. A *call* of the control plane is answered at once,
wherever it comes from, and only leaves its record (`note`). A *host* runs `async def` code: when no message is
left at an instant, the kernel asks it whether a timer is due (`Host.wake`). Waking draws no sequence
number and leaves no record, so the same story has the same trace whether it is written with
`world.run(...)` or with `await anyio.sleep(...)`.

The kernel knows nothing of EventBridge. Its interface follows SimPy's core (a queue, `step`, `run`;
https://simpy.readthedocs.io/en/latest/topical_guides/environments.html). Unlike there, actors are not
generators: a method call per message is several times faster, and the state of a generator's frame can
be neither copied nor pickled.
"""

from simbridge.kernel.host import Host
from simbridge.kernel.kernel import Kernel
from simbridge.kernel.random_streams import uuid_from, uuid_of
from simbridge.kernel.records import OUTSIDE, Entry, Record
from simbridge.kernel.trace_filter import FULL, TraceFilter
from simbridge.kernel.turn import Actor, Turn

__all__ = [
    "FULL",
    "OUTSIDE",
    "Actor",
    "Entry",
    "Host",
    "Kernel",
    "Record",
    "TraceFilter",
    "Turn",
    "uuid_from",
    "uuid_of",
]
