"""Every read, named for its page or loop. Each takes the principal and returns frozen views.

What an agent may not see looks exactly like what does not exist: None, or an absent row.
"""
