"""Hosts: run `async def` stories and handlers in virtual time, on asyncio or on trio."""
