"""Channels: how messages come in and go out. Each kind has parse, thread, receive and send."""
