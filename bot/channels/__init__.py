"""Thin adapters: wire to Message, Outgoing to wire. Channels never import each other."""
