"""Hosts: who runs `async def` code for the kernel."""
