"""The e-mail channel. Bytes are kept first, parsed in a process that may be killed, acknowledged
last; what a mail claims about its sender proves nothing."""
