"""Hosts: run `async def` stories and handlers in virtual time, on asyncio or on trio.

`engine` is the interface that the kernel steps and what both libraries share, `backends` chooses one of them,
and `asyncio` and `trio` are the two. Here belongs whatever touches an async library, above all its private
names: `private_names` lists them, and `replaced` restores what a step has replaced.
"""
